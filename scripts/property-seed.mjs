// Loaded before every test file. Property tests try the same cases on every run, so that a red one is red for everybody;
// other cases by HOLDFAST_TEST_SEED=NUMBER, which a failure prints as its seed.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.HOLDFAST_TEST_SEED ?? 20_261_124) });
