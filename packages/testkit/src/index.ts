export { announcedSession } from './announced-session.ts';
export { ByteLog } from './byte-log.ts';
export { sha256 } from './checksum.ts';
export { type CliOptions, CliProcess, type CliResult } from './cli-process.ts';
export { sequence } from './escape-grammar.ts';
export { eventually, passTime, settled, within } from './eventually.ts';
export { Gate } from './gate.ts';
export { fuzzRuns, hostileBytes, hostileJson, judge } from './hostile.ts';
export { type Installation, installation, repository } from './installation.ts';
export {
  firstDifference,
  floodBytes,
  floodOffsetOf,
  LINE_BYTES,
  missingAtCrashes,
  numberedLines,
} from './numbered-lines.ts';
export {
  childrenOf,
  commandLine,
  cpuMs,
  fdCount,
  inputWait,
  isAlive,
  privateBytes,
  settledFdCount,
  processesWith,
  processState,
  stopProcess,
  untilEnded,
  watchCount,
  zombiesOf,
} from './processes.ts';
export { program, pythonPath } from './programs.ts';
export { randomBelow } from './random-below.ts';
export { RawClient } from './raw-client.ts';
export { type Gap, type RecordOptions, Recording } from './recording.ts';
export { unlikeRestored, written } from './restored.ts';
export { queriesIn } from './queries.ts';
export {
  type Cut,
  type CutTools,
  randomCuts,
  randomlyResized,
  type UnequalCut,
  unequalCuts,
} from './screen-cuts.ts';
export { ScreenRecording } from './screen-recording.ts';
export { SmallDisk } from './small-disk.ts';
export { Terminal, type TerminalOptions } from './terminal.ts';
export { type DaemonOptions, type OpenOptions, startDaemon, TestDaemon } from './test-daemon.ts';
export { TestHome } from './test-home.ts';
export { leastSlopeOf, median, type Sample, slopeOf } from './trend.ts';
