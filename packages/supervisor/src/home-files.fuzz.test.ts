import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { historyOf, HISTORY_KINDS } from './history.ts';
import { type Home, resolveHome } from './home.ts';
import { installationIn } from './installation.ts';
import { keeperReport } from './keeper-report.ts';
import { believedManifest } from './manifest.ts';
import { parseReadyLine } from './ready-line.ts';
import { startTimeOf } from './start-time.ts';
import { readUpdateRecord, writeUpdateRecord } from './update-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'hf-files-'));
const home: Home = resolveHome({ HOLDFAST_HOME: folder });
mkdirSync(home.stateDir, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = '2026-01-01T00:00:00.000Z';
const own = { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 };

/** Gives a reader hostile texts of its file. It throws nothing: a file that says nonsense says nothing. */
function fuzz<Result>(
  texts: fc.Arbitrary<string>,
  { path, read, holds }: { path: string; read: () => Result; holds: (result: Result) => void },
): void {
  fc.assert(
    fc.property(texts, (text) => {
      writeFileSync(path, text);
      const outcome = judge(read);
      if (outcome.kind === 'refused') throw outcome.error;
      holds(outcome.result);
    }),
    fuzzRuns(400),
  );
}

test('a manifest is believed of the process that it names, or not at all', () => {
  const manifest = {
    ...own,
    version: '1',
    build: 'b',
    protocols: [1],
    startedAt: at,
    update: { available: 'c', since: at },
  };
  fuzz(hostileJson(manifest), {
    path: home.manifestPath,
    read: () => believedManifest(home),
    holds: (believed) => {
      if (believed) expect(startTimeOf(believed.pid)).toBe(believed.startTime);
    },
  });
});

test('a record of failed updates that can not be read says nothing, and what is read can be written', () => {
  const record = {
    failure: { code: 'E_UPGRADE_START', reason: 'why', at },
    attempts: { running: 'a', available: 'b', count: 2 },
  };
  fuzz(hostileJson(record), {
    path: home.updateRecordPath,
    read: () => readUpdateRecord(home),
    holds: (read) => {
      writeUpdateRecord(home, read);
      const again = readUpdateRecord(home);
      expect({ attempts: null, ...again }).toEqual({ attempts: null, ...read });
    },
  });
});

test("a keeper's report is believed, or says nothing", () => {
  const report = {
    ...own,
    version: '1',
    build: 'b',
    state: 'running',
    heldSince: null,
    daemonPid: 7,
    failures: 0,
    reason: null,
  };
  fuzz(hostileJson(report), {
    path: home.keeperReportPath,
    read: () => keeperReport(home),
    holds: (read) => {
      if (read) expect(read.pid).toBeGreaterThan(0);
    },
  });
});

test('build.json is refused with a code, or read', () => {
  const described = join(folder, 'build.json');
  fc.assert(
    fc.property(hostileJson({ version: '1', build: '0123456789ab' }), (text) => {
      writeFileSync(described, text);
      const outcome = judge(() => installationIn(folder));
      if (outcome.kind === 'refused') expect(outcome.error).toBeInstanceOf(HoldfastError);
    }),
    fuzzRuns(400),
  );
});

test('of a log every line that can be read is told, and of a kind that there is', () => {
  const line = hostileJson(
    { time: at, event: 'update_ok', pid: 8, from: 'a', to: 'b', sessions: 3, pauseMs: 4.5 },
    { time: at, event: 'crash', pid: 8, reason: 'SIGKILL' },
    { time: at, event: 'toString', build: '__proto__', version: '1' },
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const outcome = judge(() => historyOf(lines.join('\n')));
      if (outcome.kind === 'refused') throw outcome.error;
      for (const entry of outcome.result) {
        expect(HISTORY_KINDS).toContain(entry.kind);
        expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
      }
    }),
    fuzzRuns(400),
  );
});

test('what a daemon says when it has started is understood, or not', () => {
  fc.assert(
    fc.property(
      hostileJson({ ready: true, pid: 7 }, { ready: false, code: 'E_BUSY', message: 'why' }),
      (text) => {
        const outcome = judge(() => parseReadyLine(text));
        if (outcome.kind === 'refused') throw outcome.error;
        if (outcome.result?.ready === false) expect(typeof outcome.result.message).toBe('string');
      },
    ),
    fuzzRuns(400),
  );
});
