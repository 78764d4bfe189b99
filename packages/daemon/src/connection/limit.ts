import { ALL_SESSIONS, HoldfastError, type Request } from '@holdfast/protocol';

/**
 * Whether a connection that is limited to one session (`id`), or to looking at all of them, may ask for this. Throws HoldfastError(E_FORBIDDEN), also for a
 * session that does not exist: what there is besides is nothing to be found out.
 */
export function checkLimit(request: Request, id: string, idOf: (reference: string) => string): void {
  switch (request.type) {
    case 'cancel':
    case 'unsubscribe':
    case 'viewport':
      return;
    case 'list':
    case 'status':
    case 'watch':
      if (id === ALL_SESSIONS) return;
      throw forbidden(request.type);
    case 'capture':
    case 'get':
    case 'wait':
      return checkSession(request.parameters.session, id, idOf);
    case 'subscribe': {
      const { mode, readOnly, sshAuthSock, session } = request.parameters;
      // An exact subscriber holds the program back, and a viewer that may lead resizes it.
      if (mode !== 'viewer' || readOnly !== true || sshAuthSock !== undefined) throw forbidden(request.type);
      return checkSession(session, id, idOf);
    }
    default:
      throw forbidden(request.type);
  }
}

function checkSession(reference: string, id: string, idOf: (reference: string) => string): void {
  if (id === ALL_SESSIONS) return;
  let found: string | undefined;
  try {
    found = idOf(reference);
  } catch (error) {
    // E_NO_SESSION, E_AMBIGUOUS: not the one.
    if (!(error instanceof HoldfastError)) throw error;
  }
  if (found !== id) throw forbidden(`session ${reference}`);
}

function forbidden(what: string): HoldfastError {
  return new HoldfastError('E_FORBIDDEN', `${what}: this connection may only look`);
}
