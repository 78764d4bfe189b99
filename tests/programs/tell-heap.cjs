// Preloaded into a process (node --require): at each SIGUSR2 it collects all garbage, and writes into PID.bytes, beside this file, what is
// in use then: objects, and the memory outside of the heap that belongs to them.
const { renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { isMainThread } = require('node:worker_threads');

if (isMainThread) {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const file = path.join(__dirname, `${process.pid}.bytes`);
  process.on('SIGUSR2', () => {
    collect();
    // What the first one has found out to be of no use may have held something.
    collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.new`, String(heapUsed + external));
    renameSync(`${file}.new`, file);
  });
}
