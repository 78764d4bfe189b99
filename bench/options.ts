import path from 'node:path';
import { parseArgs } from 'node:util';

/** What a run of the bench was asked for. */
export interface Options {
  /** Size of the flooded file, in MB of 1,000,000 bytes. */
  readonly mb: number;
  /** Times that each peer is measured, in turn with the others. */
  readonly rounds: number;
  /** Keys typed to each peer, in all rounds together. */
  readonly keys: number;
  /** Times that a command is timed. */
  readonly repeats: number;
  /** Times that the daemon is replaced, for each number of sessions. */
  readonly upgrades: number;
  /** Numbers of sessions with which it is. */
  readonly sessions: readonly number[];
  /** Processes that compute beside everything that is measured. */
  readonly busy: number;
  /** Names of the measures to run; undefined = all. */
  readonly only: readonly string[] | undefined;
  /** File for the results as JSON. */
  readonly json: string | undefined;
  /** Folder for charts; undefined = none. */
  readonly svg: string | undefined;
  /** The program that is measured. */
  readonly holdfast: string;
}

/** Beginning of a message about a wrong command line. */
export const USAGE =
  'usage: npm run bench -- [--only NAME[,NAME…]] [--rounds N] [--mb N] [--keys N] [--repeats N] [--upgrades N] [--sessions N[,N…]] [--busy N] [--json FILE] [--svg FOLDER] [--holdfast FILE]';

/** Parses the command line. Throws Error if it is wrong. */
export function parseOptions(args: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mb: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '5' },
      keys: { type: 'string', default: '500' },
      repeats: { type: 'string', default: '15' },
      upgrades: { type: 'string', default: '50' },
      sessions: { type: 'string', default: '1,10,100,1000' },
      busy: { type: 'string', default: '0' },
      only: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      holdfast: { type: 'string', default: path.join(root, 'bin', 'holdfast') },
    },
  });
  return {
    mb: positive('mb', values.mb),
    rounds: positive('rounds', values.rounds),
    keys: positive('keys', values.keys),
    repeats: positive('repeats', values.repeats),
    upgrades: positive('upgrades', values.upgrades),
    sessions: values.sessions.split(',').map((text) => positive('sessions', text)),
    busy: wholeNumber('busy', values.busy, 0),
    only: values.only?.split(','),
    json: values.json,
    svg: values.svg,
    holdfast: path.resolve(values.holdfast),
  };
}

function positive(name: string, text: string): number {
  return wholeNumber(name, text, 1);
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || text === '')
    throw new Error(`--${name} needs a whole number from ${least} on, not ${text}`);
  return value;
}
