import { parentPort } from 'node:worker_threads';
import { Emulators } from '@holdfast/screen';
import { BUILD, HoldfastError } from '@holdfast/protocol';
import type { FromScreenWorker, ToScreenWorker } from '../messages.ts';
import { CapturePainter } from './capture-painter.ts';
import { SessionScreens } from './session-screens.ts';

const port = parentPort;
if (!port) throw new Error('this runs as a worker of the daemon');
const emulators = new Emulators();
const screens = new SessionScreens(emulators);
const painter = new CapturePainter(emulators);

port.on('message', (message: ToScreenWorker) => {
  if (message === 'end') {
    screens.saveAll();
    port.close();
    return;
  }
  try {
    const { session, view } = message;
    const json = painter.paint(screens.look(session), view);
    port.postMessage({ json } satisfies FromScreenWorker, [json.buffer]);
  } catch (error) {
    port.postMessage({ error: inWords(error) } satisfies FromScreenWorker);
  }
});
port.postMessage({ build: BUILD } satisfies FromScreenWorker);

function inWords(error: unknown): { code: HoldfastError['code']; message: string } {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message };
  return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
