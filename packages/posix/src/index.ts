export {
  close,
  closeInherited,
  duplicate,
  duplicateTo,
  isCloseOnExec,
  isNonBlocking,
  pipe,
  read,
  readAt,
  setCloseOnExec,
  setNonBlocking,
  WOULD_BLOCK,
  write,
  writeAt,
} from './descriptors.ts';
export { collectGarbage, compileEarly, optimizeEarly, optimizeLate, staySmall } from './engine.ts';
export { errnoName, isErrno, PosixError } from './errors.ts';
export { exitNow } from './exit.ts';
export {
  DescriptorsLostError,
  FDS_PER_MESSAGE,
  type FdMessage,
  MESSAGE_BYTES_MAX,
  receiveWithFds,
  sendWithFds,
} from './fd-passing.ts';
export { Gather } from './gather.ts';
export { replaceProcess } from './replace-process.ts';
export { openFilesSoftLimit } from './limits.ts';
export { lockFile } from './lock.ts';
export {
  type Mapping,
  mapFile,
  mapRing,
  openAllocated,
  openAnonymous,
  reopenAllocated,
  viewOf,
  wholePages,
} from './mapping.ts';
export { addressOf, Block, copyIn, copyOut, copyOutInto } from './memory.ts';
export { MessageChannel, type ReceivedMessage, sendingFails } from './message-channel.ts';
export { PAGE_BYTES } from './platform.ts';
export {
  hasEnded,
  isStandingStill,
  listProcesses,
  type ProcessEntry,
  parseStat,
  processEntry,
  startTimeOf,
  terminalDevice,
} from './processes.ts';
export { openPty, type Pty, slavePathOf } from './pty.ts';
export { DONE, EDGE, READABLE, Reactor, type Timer, type Watch, WRITABLE } from './reactor.ts';
export { ignoreSignal, sendSignal, signalName, signalNumber } from './signals.ts';
export { type SpawnOptions, spawnOnTerminal } from './spawn.ts';
export {
  endOfFileCharacter,
  foregroundProcessGroup,
  isTerminal,
  leaveRaw,
  makeRaw,
  reopenNonBlocking,
  setWindowSize,
  type RawMode,
  type TerminalSize,
  windowSize,
} from './terminal.ts';
export { UnixListener, type UnixListenerEvents } from './unix-listener.ts';
export {
  acceptUnix,
  connectUnix,
  endWriting,
  isListening,
  listenUnix,
  peerCredentials,
  socketPair,
  withShortPath,
} from './unix-socket.ts';
export { becomeSubreaper } from './subreaper.ts';
export {
  decodeStatus,
  type ExitStatus,
  exitStatusByPidfd,
  exitStatusOfZombie,
  openPidfd,
  processOf,
  sendSignalToGroupOf,
  takeExitStatus,
  exitStatusOfChild,
  takeExitStatuses,
} from './wait.ts';
export type { TurnSummary } from './turn-times.ts';
export { isHungUp, waitReadable, waitWritable } from './wait-readable.ts';
export { spawnOwnKind } from './spawn-own-kind.ts';
export { spawnWithDescriptors } from './spawn-with-descriptors.ts';
