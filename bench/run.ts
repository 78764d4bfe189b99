// `npm run bench`: measures Holdfast beside what it is compared with, and says which goals are met.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Reactor } from '@holdfast/posix';
import { startBusyProcesses } from './busy-processes.ts';
import { verdict } from './goals.ts';
import { describeMachine } from './machine.ts';
import type { Measure, Outcome } from './measure.ts';
import { attach } from './measures/attach.ts';
import { crowd } from './measures/crowd.ts';
import { echo, echoBeside } from './measures/echo.ts';
import { escapes } from './measures/escapes.ts';
import { flood } from './measures/flood.ts';
import { host } from './measures/host.ts';
import { idle } from './measures/idle.ts';
import { list } from './measures/list.ts';
import { memory } from './measures/memory.ts';
import { open } from './measures/open.ts';
import { pause } from './measures/pause.ts';
import { recovery } from './measures/recovery.ts';
import { screen } from './measures/screen.ts';
import { smallWrites } from './measures/small-writes.ts';
import { type Options, parseOptions, USAGE } from './options.ts';
import { Scope } from './scope.ts';
import { svg } from './svg.ts';
import { table } from './table.ts';

const MEASURES: readonly Measure[] = [
  flood,
  escapes,
  smallWrites,
  echo,
  echoBeside,
  attach,
  list,
  open,
  memory,
  idle,
  pause,
  recovery,
  screen,
  crowd,
  host,
];
/** Not os.tmpdir(): sockets lie in it, and their paths must be short. */
const TEMPORARY = '/tmp';
/** The machine should do nothing else: above this load, that is said. */
const QUIET_LOAD = 0.3;

type Results = Map<Measure, Outcome | Error>;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  let measures: readonly Measure[];
  try {
    options = parseOptions(process.argv.slice(2), path.resolve(import.meta.dirname, '..'));
    measures = chosen(options.only);
    if (!existsSync(options.holdfast)) throw new Error(`${options.holdfast} does not exist`);
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const machine = describeMachine();
  console.log(`${machine.system}, ${machine.cores} × ${machine.processor}, Node ${machine.node}`);
  if (machine.load > QUIET_LOAD)
    console.log(`The machine is busy (load ${machine.load.toFixed(2)}): take the figures with care.`);
  if (options.busy > 0) console.log(`Processes that compute beside all that follows: ${options.busy}.`);
  const results = await runAll(measures, options);
  printGoals(results);
  if (options.svg) drawCharts(results, options.svg, machine);
  if (options.json) writeFileSync(options.json, toJson({ machine, options, results }));
  return [...results.values()].some((result) => result instanceof Error) ? 1 : 0;
}

function chosen(only: readonly string[] | undefined): readonly Measure[] {
  const unknown = only?.find((name) => MEASURES.every((measure) => measure.name !== name));
  if (unknown !== undefined) {
    const names = MEASURES.map(({ name }) => name).join(', ');
    throw new Error(`there is no measure "${unknown}" (${names})`);
  }
  return MEASURES.filter(({ name }) => only?.includes(name) ?? true);
}

async function runAll(measures: readonly Measure[], options: Options): Promise<Results> {
  await using everything = new Scope();
  const reactor = new Reactor();
  reactor.start();
  everything.defer(() => reactor.stop());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void everything[Symbol.asyncDispose]().then(() => process.exit(130)));
  }
  startBusyProcesses(options.busy, everything);
  const progress = (text: string) => console.error(`… ${text}`);
  const results: Results = new Map();
  for (const measure of measures) {
    await using scope = new Scope(everything);
    const folder = mkdtempSync(path.join(TEMPORARY, 'hfb-'));
    scope.defer(() => rmSync(folder, { recursive: true, force: true }));
    const result = await measure.run({ options, reactor, scope, folder, progress }).catch(toError);
    results.set(measure, result);
    const text = result instanceof Error ? `  failed: ${result.message}\n` : table(result.rows);
    console.log(`\n${measure.name}: ${measure.title}\n${text}`);
  }
  return results;
}

function printGoals(results: Results): void {
  const goals = [...results.values()].flatMap((result) => (result instanceof Error ? [] : result.goals));
  if (goals.length === 0) return;
  const rows = goals.map((goal) => ({
    goal: goal.text,
    wanted: `${goal.is} ${goal.limit}`,
    measured: goal.value?.toFixed(2) ?? '–',
    verdict: verdict(goal),
  }));
  const missed = goals.filter((goal) => verdict(goal) !== 'pass').length;
  console.log(`\ngoals\n${table(rows)}`);
  console.log(missed === 0 ? 'All goals are met.' : `${missed} of ${goals.length} goals NOT met.`);
}

/** One file a chart, in a folder that need not be there. */
function drawCharts(results: Results, folder: string, machine: ReturnType<typeof describeMachine>): void {
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const note = `${date}, ${machine.cores} × ${machine.processor}, Node ${machine.node}, load ${machine.load.toFixed(1)}`;
  for (const [{ title }, result] of results) {
    if (result instanceof Error) continue;
    for (const chart of result.charts ?? [])
      writeFileSync(path.join(folder, `${chart.name}.svg`), svg(chart, { title, note }));
  }
}

function toJson(report: { machine: object; options: Options; results: Results }): string {
  const measures = [...report.results].map(([{ name, title }, result]) =>
    result instanceof Error
      ? { name, title, error: result.message }
      : { name, title, ...result, goals: result.goals.map((goal) => ({ ...goal, verdict: verdict(goal) })) },
  );
  return `${JSON.stringify({ machine: report.machine, options: report.options, measures }, undefined, 2)}\n`;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
