import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, eventually, isAlive, processState } from '@holdfast/testkit';
import { expect } from 'vitest';
import { SupervisedHome } from './supervised.ts';
import type { Step } from './upgrade-steps.ts';

/** Ends everything while an upgrade stands still at a step: the program ends, and at most one daemon is left, as the verb has it. */
export async function endAmid(verb: 'restart' | 'stop', steps: readonly Step[]): Promise<void> {
  await using home = new SupervisedHome();
  const points = path.join(home.scratch('points'), 'points.json');
  const env = { ...home.env, HOLDFAST_TEST_POINTS: points };
  for (const step of steps) {
    writeFileSync(points, '{}');
    const supervisor = home.supervisor({}, { env });
    const { pid } = await supervisor.ensure();
    const { pid: program } = await home.open(step);
    writeFileSync(points, JSON.stringify({ [step]: 'stop' }));
    const upgrade = home.supervisor().upgrade();
    const stands = await eventually(`${step}: somebody stands`, () =>
      home.processes.find(
        (other) => / (adopt|serve) /.test(commandLine(other)) && processState(other) === 'T',
      ),
    );
    const ended = supervisor[verb]();
    process.kill(stands, 'SIGCONT');
    await upgrade;
    expect({ step, ...(await ended) }).toEqual({ step, kind: 'stopped', ended: 1 });
    await eventually(`${step}: the program's end`, () => !isAlive(program));
    const daemons = home.processes.filter((other) =>
      / (adopt|serve) --runtime-dir /.test(commandLine(other)),
    );
    const { kind } = await supervisor.adopt();
    expect({ step, isAlive: isAlive(pid), daemons: daemons.length, kind }).toEqual({
      step,
      isAlive: false,
      ...(verb === 'restart' ? { daemons: 1, kind: 'serving' } : { daemons: 0, kind: 'none' }),
    });
  }
}
