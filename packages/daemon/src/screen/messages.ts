import type { ErrorCode, RequestParameters } from '@holdfast/protocol';
import type { UnseenTerminal } from '@holdfast/screen/queries';

/** Where a history is that the daemon goes on writing: files in a folder, or the descriptors of files that have no name. */
export type HistorySource =
  | { readonly folder: string }
  | { readonly ledger: number; readonly marks: number; readonly ring: number };

/** What is known of a session whose screen is wanted. */
export interface ScreenedSession {
  readonly id: string;
  readonly history: HistorySource;
  /** How many bytes the history keeps. */
  readonly capacity: number;
  /** The size of its terminal as it is now. */
  readonly cols: number;
  readonly rows: number;
}

export type ScreenView = Pick<RequestParameters<'capture'>, 'format' | 'historyLines' | 'viewport'>;

export interface ScreenRequest {
  readonly session: ScreenedSession;
  readonly view: ScreenView;
}

/** What a program has asked its terminal, and the offset behind it. */
export interface Query {
  readonly text: string;
  readonly to: number;
}

/** Queries of one session that nobody else answers, oldest first. */
export interface Asked {
  readonly queries: readonly Query[];
  readonly terminal: UnseenTerminal;
}

export interface AnswersRequest {
  readonly session: ScreenedSession;
  readonly asked: Asked;
}

/** Nobody looks, but the history is about to have no longer what the screen has not been shown. */
export interface FollowRequest {
  readonly session: ScreenedSession;
  readonly follow: {
    /** It comes faster than it could be shown: what it sets is enough. */
    readonly isFlood: boolean;
    /** To this offset, or a piece of the way there. */
    readonly upTo: number;
    /** A piece of it was shown. */
    readonly goesOn: boolean;
  };
}

/** How far a screen is that nobody looks at. */
export interface Followed {
  readonly offset: number;
  /** Not all could be shown before it left the history. */
  readonly isBehind: boolean;
  /** There is more to show, for which nobody else has to wait. */
  readonly hasMore: boolean;
  /** What it has cost. */
  readonly tookMs: number;
}

/** Daemon → worker. One request at a time: the next comes when this is answered. Whoever is to end saves what it has, and does. */
export type ToScreenWorker = ScreenRequest | AnswersRequest | FollowRequest | 'end';

/** Worker → daemon: first which build it is, then an answer to each request. */
export type FromScreenWorker =
  | { readonly build: string }
  /** The result of `capture`, as JSON in UTF-8: the daemon's loop has nothing to do but to pass it on. */
  | { readonly json: Uint8Array<ArrayBuffer> }
  /** One to each query; empty for what is answered by nothing. */
  | { readonly answers: readonly string[] }
  | { readonly followed: Followed }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };
