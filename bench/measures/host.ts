import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { environment, Holdfast } from '../holdfast.ts';
import { HostService } from '../host-service.ts';
import type { Bench, Goal, Measure, Row } from '../measure.ts';
import { median } from '../statistics.ts';
import { Terminal } from '../terminal.ts';
import { writeText } from '../text-file.ts';

/** Shown before keys are timed, and to many viewers: V8 has compiled what counts by then. */
const WARM_UP_MB = 20;
const VIEWERS = 100;
const IDLE_SOCKETS = 1_000;
const UNREAD_SOCKETS = 20;

/** What a browser gets by way of the host, beside what a terminal gets. */
export const host: Measure = {
  name: 'host',
  title: 'terminals by way of the host, on WebSockets over loopback',
  async run(bench) {
    const { options, scope, folder, reactor } = bench;
    const home = path.join(folder, 'home');
    const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
    const daemonPid = holdfast.startDaemon();
    const service = scope.own(await HostService.start(bench, holdfast, daemonPid));
    const small = path.join(folder, 'small');
    writeText(small, WARM_UP_MB);
    const parts = [
      await throughput(bench, service),
      echo(bench, service, small),
      viewers(bench, service, small),
      memory(bench, service, small),
    ];
    return {
      rows: parts.flatMap(({ rows }) => rows),
      goals: parts.flatMap(({ goals }) => goals),
    };
  },
};

interface Part {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
}

/** The same file through an attached command line and through a page, in turn. */
async function throughput(bench: Bench, service: HostService): Promise<Part> {
  const { options, progress } = bench;
  const file = path.join(bench.folder, 'flood');
  writeText(file, options.mb);
  const terminal = await attach(bench);
  const seconds = { cli: [] as number[], page: [] as number[] };
  // The first round of each is not counted: it compiles.
  for (let round = 0; round <= options.rounds; round += 1) {
    progress(`host: throughput, round ${round} of ${options.rounds}`);
    const shown = terminal.until(`marker${round}`);
    const beginMs = performance.now();
    terminal.type(`cat ${file}; echo mar""ker${round}\r`);
    const cli = ((await shown) - beginMs) / 1_000;
    const page = service.run({ task: 'flood', file }, ['seconds']).seconds;
    if (round === 0) continue;
    seconds.cli.push(cli);
    seconds.page.push(page);
  }
  const speeds = { cli: options.mb / median(seconds.cli), page: options.mb / median(seconds.page) };
  const value = speeds.page / speeds.cli;
  return {
    rows: [
      row('throughput, holdfast attach', speeds.cli.toFixed(1), 'MB/s'),
      row('throughput, WebSocket', speeds.page.toFixed(1), 'MB/s'),
    ],
    goals: [{ text: 'MB/s, WebSocket : holdfast attach', is: 'at least', limit: 0.5, value }],
  };
}

function echo({ options, progress }: Bench, service: HostService, file: string): Part {
  progress('host: echo');
  const count = options.keys * options.rounds;
  const told = service.run({ task: 'echo', file, count }, ['p10Ms', 'p50Ms', 'p99Ms']);
  return {
    rows: [
      row('echo, WebSocket, p10', told.p10Ms.toFixed(3), 'ms'),
      row('echo, WebSocket, p50', told.p50Ms.toFixed(3), 'ms'),
      row('echo, WebSocket, p99', told.p99Ms.toFixed(3), 'ms'),
    ],
    goals: [{ text: 'ms of echo over a WebSocket, p50', is: 'at most', limit: 2, value: told.p50Ms }],
  };
}

/** What the daemon does for one page and for a hundred. */
function viewers({ progress }: Bench, service: HostService, file: string): Part {
  progress(`host: ${VIEWERS} viewers`);
  const told = [1, VIEWERS].map((count) =>
    service.run({ task: 'viewers', file, count }, ['reads', 'writes', 'writtenMb']),
  );
  const ratio = (of: 'reads' | 'writes' | 'writtenMb') => (told[1]?.[of] ?? NaN) / (told[0]?.[of] ?? NaN);
  const what = `of the daemon, ${VIEWERS} viewers : 1`;
  return {
    rows: told.flatMap(({ reads, writes, writtenMb }, index) => {
      const shown = `${WARM_UP_MB} MB to ${index === 0 ? '1 viewer' : `${VIEWERS} viewers`}`;
      return [
        row(`reads of the daemon, ${shown}`, reads, 'calls'),
        row(`writes of the daemon, ${shown}`, writes, 'calls'),
        row(`written by the daemon, ${shown}`, writtenMb.toFixed(1), 'MB'),
      ];
    }),
    goals: [
      { text: `reads ${what}`, is: 'at most', limit: 2, value: ratio('reads') },
      { text: `writes ${what}`, is: 'at most', limit: 2, value: ratio('writes') },
      { text: `MB written ${what}`, is: 'at most', limit: 1.1, value: ratio('writtenMb') },
    ],
  };
}

function memory({ progress }: Bench, service: HostService, file: string): Part {
  progress('host: memory');
  const mb = (kb: number) => (kb / 1_024).toFixed(1);
  const unread = service.run({ task: 'unread', count: UNREAD_SOCKETS, file }, ['before', 'after']);
  const idle = service.run({ task: 'idle', count: IDLE_SOCKETS }, ['before', 'after']);
  return {
    rows: [
      row('private memory of the host', mb(unread.before), 'MB'),
      row(
        `with ${UNREAD_SOCKETS} WebSockets that never read, after ${WARM_UP_MB} MB`,
        mb(unread.after),
        'MB',
      ),
      row('private memory of the host', mb(idle.before), 'MB'),
      row(`with ${IDLE_SOCKETS} idle WebSockets`, mb(idle.after), 'MB'),
    ],
    goals: [],
  };
}

/** A terminal with a shell in a session, as somebody at a keyboard has it. */
async function attach({ folder, options, reactor, scope }: Bench): Promise<Terminal> {
  const shell = path.join(folder, 'shell');
  mkdirSync(path.join(folder, 'tmp'));
  writeFileSync(shell, '#!/bin/sh\nexec sh\n', { mode: 0o700 });
  const env = environment({ HOLDFAST_HOME: path.join(folder, 'home'), TMPDIR: path.join(folder, 'tmp') });
  const terminal = scope.own(new Terminal(reactor, `exec ${options.holdfast} new -- ${shell}`, env));
  await terminal.until('$ ');
  const ready = terminal.until('ready');
  terminal.type('echo re""ady\r');
  await ready;
  await terminal.quiet();
  return terminal;
}

function row(what: string, measured: string | number, unit: string): Row {
  return { what, measured, unit };
}
