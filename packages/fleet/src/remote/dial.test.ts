import type { Msg, MsgCallback, NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { FLEET_LIMITS } from '../limits.ts';
import { Dialer } from './dial.ts';

/** Servers that answer nothing, and bring what a test has them bring. */
function silentServers() {
  const heard = new Map<string, MsgCallback<Msg>>();
  const never = new Promise<never>(() => undefined);
  const nc: Pick<NatsConnection, 'subscribe' | 'request'> = {
    subscribe: (subject, options) => {
      if (options?.callback) heard.set(subject, options.callback);
      return { unsubscribe: () => void heard.delete(subject) } as ReturnType<NatsConnection['subscribe']>;
    },
    request: () => never,
  };
  const bring = (data: Uint8Array) => {
    for (const callback of heard.values()) void callback(null, { data } as Msg);
  };
  return { nc: nc as NatsConnection, heard, bring };
}

test('all dials that are under way end when the connection is lost', async () => {
  const { nc, heard } = silentServers();
  const dialer = new Dialer(nc, 'alpha');
  const dials = [dialer.dial(), dialer.dial(), dialer.dial()];
  const ends = dials.map((dial) => expect(dial).rejects.toMatchObject({ code: 'E_DISCONNECTED' }));
  dialer.disconnected();
  await Promise.all(ends);
  expect(heard.size).toBe(0);
});

test('a host that sends and sends, and does not say that the tunnel is open, is not listened to', async () => {
  const { nc, heard, bring } = silentServers();
  const dial = new Dialer(nc, 'alpha').dial();
  const ended = dial.catch((error: unknown) => error);
  for (let count = 0; count < 20; count += 1) bring(new Uint8Array(FLEET_LIMITS.windowBytes / 8));
  expect(await ended).toMatchObject({ code: 'E_PROTOCOL' });
  expect(heard.size).toBe(0);
});
