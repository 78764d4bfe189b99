import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { Block, Reactor, sendSignal } from '@holdfast/posix';
import { eventually, processState } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { History } from '../src/history/history.ts';
import { KeeperLink } from '../src/keeper-link/keeper-link.ts';
import { AgentLink } from '../src/session/agent-link.ts';
import { findProgram, launch } from '../src/session/launch.ts';
import { ProcessLister } from '../src/session/process-table.ts';
import { Session } from '../src/session/session.ts';
import { StateFile } from '../src/session/state-file.ts';
import { Scratch } from './kit/scratch.ts';
import { sessionState } from './kit/session-state.ts';

/** Leaves no descriptor free while `body` runs. */
function withoutDescriptors<T>(body: () => T): T {
  const softLimit = (...more: string[]) =>
    execFileSync('prlimit', ['--pid', String(process.pid), ...more], { encoding: 'utf8' });
  const before = softLimit('--nofile', '-o', 'SOFT', '--noheadings').trim();
  const spare: number[] = [];
  softLimit('--nofile=512:');
  try {
    for (;;) spare.push(fs.openSync('/dev/null', 'r'));
  } catch {
    // EMFILE
  }
  try {
    return body();
  } finally {
    for (const fd of spare) fs.closeSync(fd);
    softLimit(`--nofile=${before}:`);
  }
}

test('a session for which no pidfd could be opened learns of its exit all the same', async () => {
  using scratch = new Scratch();
  const reactor = new Reactor();
  const request = { command: ['cat'], cwd: '/', env: { PATH: '/usr/bin:/bin' }, cols: 80, rows: 24 };
  const found = await findProgram(request);
  const program = launch(found, request);
  const { pid } = program;
  const state = sessionState({ pid, startTime: 0, command: request.command, historyIn: 'memory' });
  const parts = {
    state,
    history: History.withoutFiles(65_536),
    stateFile: new StateFile(scratch.folder),
    agentLink: new AgentLink(scratch.folder, 'link'),
    program,
    warnings: [],
  };
  const surroundings = {
    reactor,
    log: () => undefined,
    processes: new ProcessLister(),
    changed: () => undefined,
    usePidfd: true,
    bootId: undefined,
    screenAnswers: async () => [],
    followScreen: async () => ({ offset: 0, isBehind: false, hasMore: false, tookMs: 0 }),
    lookBlock: new Block(64),
    whileServing: async () => undefined,
    keeper: new KeeperLink(undefined, {
      reactor,
      log: () => undefined,
      runtimeDir: scratch.folder,
      usePidfd: true,
      exited: () => undefined,
      lost: () => undefined,
    }),
  };
  const session = withoutDescriptors(() => new Session(parts, surroundings));
  reactor.start();
  try {
    const exited = new Promise<void>((resolve) => session.onExit(resolve));
    sendSignal(program.pid, 15);
    await eventually('the end of cat', () => processState(program.pid) === 'Z');
    expect(session.hasExited).toBe(false);
    session.exitWatch.childEnded();
    await exited;
    expect(session.describe()).toMatchObject({ state: 'exited', exit: { signal: 'SIGTERM' } });
    await session.settled();
    session.dispose();
  } finally {
    reactor.dispose();
  }
});
