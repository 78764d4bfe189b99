export { plainAnswer, type UnseenTerminal } from './answers.ts';
export { findQueries } from './find-queries.ts';
export { QueryFilter } from './query-filter.ts';
export { repliesIn } from './replies.ts';
export { learn, type TerminalFacts } from './terminal-facts.ts';
