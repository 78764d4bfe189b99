// Loaded before every test file. Tests that try cases at random try the same ones on every run, so that a red one is red for everybody;
// other cases by HOLDFAST_TEST_SEED=NUMBER, which the failure of a property prints as its seed.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.HOLDFAST_TEST_SEED ?? 20_261_124) });
