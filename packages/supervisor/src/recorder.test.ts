import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { metrics } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { SupervisorEvent } from './events.ts';
import type { Home } from './home.ts';
import { Recorder } from './recorder.ts';

function crashBy(by: number): SupervisorEvent {
  return { type: 'crash', pid: null, by };
}

test('what a program counts events with may fail: each is in the log, and so are those that come later', async () => {
  const folder = mkdtempSync('/tmp/hf-recorder-');
  using _scope = {
    [Symbol.dispose]: () => {
      metrics.disable();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const supervisorLogPath = path.join(folder, 'supervisor.log');
  const recorder = new Recorder({ supervisorLogPath, namespace: 'default' } as Home, { writesLog: true });
  metrics.setGlobalMeterProvider({
    getMeter: () => {
      throw new Error('the exporter is gone');
    },
  });
  recorder.record(crashBy(1));
  await recorder.written();
  recorder.record(crashBy(2));
  await recorder.written();
  const lines = readFileSync(supervisorLogPath, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ by: 1 }, { by: 2 }]);
});
