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

test('a program that has set up OpenTelemetry gets the events counted, and the pause of an upgrade', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  try {
    await using home = new SupervisedHome();
    const supervisor = home.supervisor();
    await supervisor.ensure();
    const outcome = await supervisor.upgrade();
    expect(outcome).toMatchObject({ ok: true });
    await provider.forceFlush();
    const told = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
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
  } finally {
    metrics.disable();
    await provider.shutdown();
  }
});

test('and how long the turns of the daemon that is watched take', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  try {
    await using home = new SupervisedHome();
    const supervisor = home.supervisor();
    await supervisor.ensure();
    using _watching = supervisor.watch(() => undefined);
    const points = await eventually('a measured daemon', async () => {
      await provider.forceFlush();
      return exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all))
        .find(({ descriptor }) => descriptor.name === 'holdfast.daemon.event_loop.busy')?.dataPoints;
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
  } finally {
    metrics.disable();
    await provider.shutdown();
  }
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
