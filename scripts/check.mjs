// `npm run check`: every rule that a tool can check, all of them even if one fails.
import { passes, rules, types } from './steps.mjs';

const failed = [types, ...rules].filter((step) => !passes(step));
process.exitCode = failed.length > 0 ? 1 : 0;
