import type { Session } from '@holdfast/protocol';

/** What the host says in text frames; docs/api.md has the table. */
export type HostMessage =
  | {
      readonly type: 'attached';
      readonly session: Session;
      readonly offset: number;
      readonly readOnly: boolean;
      readonly leading: boolean;
      /** A `screen` comes before any output, and tells where that begins. */
      readonly screen?: true;
    }
  | {
      readonly type: 'screen';
      readonly offset: number;
      readonly cols: number;
      readonly rows: number;
      readonly incomplete: readonly string[];
      readonly text: string;
    }
  | { readonly type: 'asked'; readonly text: string }
  | { readonly type: 'resized'; readonly offset: number; readonly cols: number; readonly rows: number }
  | { readonly type: 'resync'; readonly offset: number }
  | { readonly type: 'leading'; readonly leading: boolean; readonly offset?: number }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'inputDone'; readonly offset: number }
  | { readonly type: 'inputUnknown'; readonly from: number; readonly to: number }
  | { readonly type: 'exited'; readonly offset: number; readonly exit: NonNullable<Session['exit']> }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly retry: boolean };

/** Undefined for what a later host may say. It comes from the host that served this page. */
export function parseHostMessage(text: string): HostMessage | undefined {
  const document: unknown = JSON.parse(text);
  return isMessage(document) ? document : undefined;
}

const TYPES: ReadonlySet<string> = new Set<HostMessage['type']>([
  'attached',
  'screen',
  'asked',
  'resized',
  'resync',
  'leading',
  'pause',
  'inputDone',
  'inputUnknown',
  'exited',
  'error',
]);

function isMessage(document: unknown): document is HostMessage {
  return (
    typeof document === 'object' &&
    document !== null &&
    'type' in document &&
    typeof document.type === 'string' &&
    TYPES.has(document.type)
  );
}
