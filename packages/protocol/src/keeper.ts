export { KEEPER_LIMITS } from './keeper-limits.ts';
export * from './keeper-messages.ts';
export * from './keeper-report.ts';
