export { Client, type ClientOptions, type ConnectionState, type PlainRequestType } from './client.ts';
export type { Input, InputOptions, InputRange } from './input.ts';
export type { ScreenStart, ScreenView, ScreenViewHandlers, ScreenViewOptions } from './screen-view.ts';
export type { Snapshot, SnapshotOptions } from './snapshot.ts';
export type { SubscribeOptions, SubscriptionHandlers } from './subscribe-options.ts';
export type { Subscription } from './subscription.ts';
export { type OutputPiece, type OutputRange, SessionOutput } from './terminal/session-output.ts';
export { Terminal } from './terminal/terminal.ts';
export type {
  Abortable,
  ExpectOptions,
  FindTerminalOptions,
  Limited,
  OpenTerminalOptions,
  ReadOptions,
} from './terminal/terminal-options.ts';
export { netConnector } from './transport/net.ts';
export { streamConnector } from './transport/stream.ts';
export type { Clock, Connector, Timer, Transport } from './transport.ts';
export type { OutputMatch } from './waiting/output-search.ts';
export type { Watch, WatchListener } from './watch.ts';
