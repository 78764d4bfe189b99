// Preloaded into a process (node --require): at each SIGUSR2 it collects all garbage, that of its threads too, and writes into PID.bytes,
// beside this file, what is in use then: objects, and the memory outside of the heap that belongs to them.
const { renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const threads = require('node:worker_threads');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const channel = new threads.BroadcastChannel('holdfast-tell-heap');
/** @param {unknown} message */
const post = (message) => channel.postMessage(message, []);

if (threads.isMainThread) {
  const file = path.join(__dirname, `${process.pid}.bytes`);
  const running = new Set();
  /** Threads that have not told yet, by their numbers. */
  const awaited = new Set();
  let bytes = 0;
  // Whoever starts a thread may want it to have none of the arguments of the process.
  threads.Worker = class extends threads.Worker {
    constructor(program, options) {
      super(program, { ...options, execArgv: ['--require', __filename] });
    }
  };
  const tell = () => {
    if (awaited.size > 0) return;
    writeFileSync(`${file}.new`, String(bytes));
    renameSync(`${file}.new`, file);
  };
  process.on('worker', (worker) => {
    const id = worker.threadId;
    running.add(id);
    worker.once('exit', () => {
      running.delete(id);
      if (awaited.delete(id)) tell();
    });
  });
  channel.addEventListener('message', ({ data }) => {
    if (!awaited.delete(data.thread)) return;
    bytes += data.bytes;
    tell();
  });
  process.on('SIGUSR2', () => {
    bytes = bytesInUse();
    for (const id of running) awaited.add(id);
    if (awaited.size === 0) tell();
    else post('tell');
  });
} else {
  channel.addEventListener('message', () => post({ thread: threads.threadId, bytes: bytesInUse() }));
}
// Nobody lives on for it.
channel.unref();

function bytesInUse() {
  gc();
  // What the first one has found out to be of no use may have held something.
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
