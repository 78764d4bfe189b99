import { type ErrorCode, HoldfastError } from '@holdfast/protocol';
import { TRPCError } from '@trpc/server';

type TrpcCode = TRPCError['code'];

/** How tRPC, and so HTTP, tells each code. Not listed: INTERNAL_SERVER_ERROR. */
const TRPC_CODE: Partial<Record<ErrorCode, TrpcCode>> = {
  E_BAD_REQUEST: 'BAD_REQUEST',
  E_USAGE: 'BAD_REQUEST',
  E_BAD_NAME: 'BAD_REQUEST',
  E_CWD: 'BAD_REQUEST',
  E_COMMAND_NOT_FOUND: 'BAD_REQUEST',
  E_COMMAND_NOT_EXECUTABLE: 'BAD_REQUEST',
  E_OFFSET: 'BAD_REQUEST',
  E_NO_SESSION: 'NOT_FOUND',
  E_AMBIGUOUS: 'CONFLICT',
  E_NAME_TAKEN: 'CONFLICT',
  E_EXITED: 'CONFLICT',
  E_RUNNING: 'CONFLICT',
  E_SELF: 'CONFLICT',
  E_UPGRADE_BUSY: 'CONFLICT',
  E_FORBIDDEN: 'FORBIDDEN',
  E_LIMIT: 'TOO_MANY_REQUESTS',
  E_TIMEOUT: 'GATEWAY_TIMEOUT',
  E_NO_DAEMON: 'SERVICE_UNAVAILABLE',
  E_DISCONNECTED: 'SERVICE_UNAVAILABLE',
  E_DAEMON_START: 'SERVICE_UNAVAILABLE',
  E_HELD: 'SERVICE_UNAVAILABLE',
  E_STOPPING: 'SERVICE_UNAVAILABLE',
};

/** What went wrong, in the words of docs/protocol.md. */
export interface FailureDocument {
  readonly code: string;
  readonly message: string;
  /** Whether the same request can succeed later. */
  readonly retry: boolean;
}

/** As tRPC throws it; its `cause` is kept. */
export function toTrpcError(error: HoldfastError): TRPCError {
  return new TRPCError({
    code: TRPC_CODE[error.code] ?? 'INTERNAL_SERVER_ERROR',
    message: error.message,
    cause: error,
  });
}

/** What a caller is told of anything that was thrown. A fault of ours is not explained to it. */
export function failureOf(error: unknown): FailureDocument {
  const cause = error instanceof TRPCError ? (error.cause ?? error) : error;
  if (cause instanceof HoldfastError) return { code: cause.code, message: cause.message, retry: cause.retry };
  if (error instanceof TRPCError) {
    switch (error.code) {
      case 'BAD_REQUEST':
      case 'PARSE_ERROR':
      case 'PAYLOAD_TOO_LARGE':
      case 'UNSUPPORTED_MEDIA_TYPE':
        return { code: 'E_BAD_REQUEST', message: error.message, retry: false };
      case 'FORBIDDEN':
        return { code: 'E_FORBIDDEN', message: error.message, retry: false };
      case 'NOT_FOUND':
      case 'METHOD_NOT_SUPPORTED':
        return { code: 'E_UNKNOWN_REQUEST', message: error.message, retry: false };
      default:
        break;
    }
  }
  return { code: 'E_INTERNAL', message: 'a fault in Holdfast itself', retry: false };
}
