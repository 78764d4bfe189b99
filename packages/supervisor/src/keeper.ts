import { connect } from 'node:net';
import { HoldfastError } from '@holdfast/protocol';
import {
  KEEPER_LIMITS,
  type KeeperRequest,
  type KeeperRequestType,
  type KeeperResult,
  parseKeeperAnswer,
} from '@holdfast/protocol/keeper';
import type { Home } from './home.ts';

/** Asks the keeper of a home. Rejects with E_NO_DAEMON if there is none, E_TIMEOUT, or E_DAEMON_START with its reason. */
export async function askKeeper<Type extends KeeperRequestType>(
  home: Home,
  request: KeeperRequest & { type: Type },
  timeoutMs: number,
): Promise<KeeperResult<Type>> {
  const { type, parameters } = request;
  const line = await exchange(home, JSON.stringify({ type, ...parameters }), timeoutMs);
  try {
    return parseKeeperAnswer(type, line);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('E_DAEMON_START', `the keeper answers ${type}: ${why}`, { cause });
  }
}

/** One line there, one line back. */
function exchange(home: Home, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(home.keeperSocketPath);
    socket.setTimeout(timeoutMs, () => {
      socket.destroy(new HoldfastError('E_TIMEOUT', `the keeper has not answered within ${timeoutMs} ms`));
    });
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      answer += piece;
      if (answer.length > KEEPER_LIMITS.messageBytes)
        socket.destroy(new HoldfastError('E_PROTOCOL', 'the keeper answers too much'));
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', (cause) => {
      const none = new HoldfastError('E_NO_DAEMON', `no keeper is running: ${cause.message}`, { cause });
      reject(cause instanceof HoldfastError ? cause : none);
    });
    socket.write(`${line}\n`);
  });
}
