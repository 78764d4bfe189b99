import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { close, lockFile } from '@holdfast/posix';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { eventually } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { SupervisedHome } from './support/supervised.ts';

/** Beyond this a log begins anew; see docs/events.md. */
const ROTATE_BYTES = 5 * 1024 * 1024;

/** This program, with OpenTelemetry set up in it until the end of a test. */
class MeteredProgram implements AsyncDisposable {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #provider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 3_600_000 }),
    ],
  });

  constructor() {
    metrics.setGlobalMeterProvider(this.#provider);
  }

  /** What was measured, by who has measured it. */
  async told() {
    await this.#provider.forceFlush();
    return this.#exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    metrics.disable();
    await this.#provider.shutdown();
  }
}

test('a program that has set up OpenTelemetry gets the events counted, and the pause of an upgrade', async () => {
  await using program = new MeteredProgram();
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  await supervisor.ensure();
  const outcome = await supervisor.upgrade();
  expect(outcome).toMatchObject({ ok: true });
  const told = (await program.told())
    .filter(({ scope }) => scope.name === 'holdfast.supervisor')
    .flatMap(({ metrics: all }) => all)
    .map(({ descriptor, dataPoints }) => ({ name: descriptor.name, unit: descriptor.unit, dataPoints }));
  expect(told).toMatchObject([
    {
      name: 'holdfast.supervisor.events',
      dataPoints: ['spawn', 'update_attempt', 'update_ok'].map((type) => ({
        value: 1,
        attributes: { type, namespace: 'default' },
      })),
    },
    {
      name: 'holdfast.supervisor.update.pause',
      unit: 'ms',
      dataPoints: [{ value: { count: 1, sum: 'pauseMs' in outcome ? outcome.pauseMs : -1 } }],
    },
  ]);
});

test('and how long the turns of the daemon that is watched take', async () => {
  await using program = new MeteredProgram();
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  await supervisor.ensure();
  using _watching = supervisor.watch(() => undefined);
  const points = await eventually('a measured daemon', async () => {
    const told = (await program.told()).flatMap(({ metrics: all }) => all);
    return told.find(({ descriptor }) => descriptor.name === 'holdfast.daemon.event_loop.busy')?.dataPoints;
  });
  expect(points.map(({ attributes }) => attributes)).toEqual(
    ['p50', 'p99', 'max'].map((statistic) => ({ statistic, namespace: 'default' })),
  );
  for (const { value } of points) expect(value).toBeGreaterThan(0);
  const { eventLoop } = JSON.parse((await home.cli(['status', '--json'])).stdout.toString());
  expect(eventLoop).toEqual({
    since: expect.stringMatching(/Z$/),
    turns: expect.any(Number),
    p50Ms: expect.any(Number),
    p99Ms: expect.any(Number),
    maxMs: expect.any(Number),
  });
  expect(eventLoop.maxMs).toBeGreaterThanOrEqual(eventLoop.p99Ms);
  expect(eventLoop.turns).toBeGreaterThan(0);
});

test('the log of events begins anew when it is large, and the last one is kept', async () => {
  await using home = new SupervisedHome();
  const { supervisorLogPath: log } = home.paths;
  const supervisor = home.supervisor();
  await supervisor.ensure();
  const first = readFileSync(log, 'utf8');
  writeFileSync(log, `${first}${'x'.repeat(ROTATE_BYTES - first.length)}`);
  await supervisor.adopt();
  expect(existsSync(`${log}.1`)).toBe(false);
  await supervisor.adopt();
  expect(readFileSync(`${log}.1`, 'utf8')).toContain(first);
  expect(statSync(log).mode & 0o777).toBe(0o600);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'adopt' }]);
});

test('a log that another process renames just now is not renamed a second time', async () => {
  await using home = new SupervisedHome();
  const { supervisorLogPath: log } = home.paths;
  const supervisor = home.supervisor();
  await supervisor.ensure();
  const large = 'x'.repeat(ROTATE_BYTES);
  appendFileSync(log, `${large}\n`);
  // Whoever renames it holds its lock.
  const lock = lockFile(log) ?? -1;
  await supervisor.adopt();
  expect(existsSync(`${log}.1`)).toBe(false);
  expect(readFileSync(log, 'utf8').trim().split('\n').at(-1)).toContain('"adopt"');
  renameSync(log, `${log}.1`);
  await supervisor.adopt();
  close(lock);
  expect(readFileSync(`${log}.1`, 'utf8')).toContain(large);
  expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);
});
