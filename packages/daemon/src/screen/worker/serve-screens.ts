import type { MessagePort } from 'node:worker_threads';
import { Emulators, screenAnswer } from '@holdfast/screen';
import { BUILD, HoldfastError } from '@holdfast/protocol';
import type { AnswersRequest, FromScreenWorker, ToScreenWorker } from '../messages.ts';
import { CapturePainter } from './capture-painter.ts';
import { SessionScreens } from './session-screens.ts';

/** Answers the daemon, whose worker this is, until it ends this. */
export function serveScreens(port: MessagePort): void {
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
      if ('asked' in message)
        port.postMessage({ answers: answersTo(message, screens) } satisfies FromScreenWorker);
      else if ('follow' in message) {
        const followed = screens.follow(message.session, message.follow);
        port.postMessage({ followed } satisfies FromScreenWorker);
      } else {
        const json = painter.paint(screens.look(message.session), message.view);
        port.postMessage({ json } satisfies FromScreenWorker, [json.buffer]);
      }
    } catch (error) {
      port.postMessage({ error: inWords(error) } satisfies FromScreenWorker);
    }
  });
  port.postMessage({ build: BUILD } satisfies FromScreenWorker);
}

/** Each at its place in the output, unless somebody has looked at what comes behind it. */
function answersTo(
  { session, asked: { queries, terminal } }: AnswersRequest,
  screens: SessionScreens,
): string[] {
  return queries.map(({ text, to }) => screenAnswer(screens.look(session, to).emulator, text, terminal));
}

function inWords(error: unknown): { code: HoldfastError['code']; message: string } {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message };
  return { code: 'E_INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
