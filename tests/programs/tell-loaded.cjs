// Preloaded into a command (node --require): when it ends, writes to TELL_LOADED what it has loaded and built.
const { writeFileSync } = require('node:fs');

let schemas = 0;
// zod calls this for each schema, whichever copy of zod that is.
globalThis.__zod_globalConfig = { postProcessor: () => (schemas += 1) };

process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  const builtins = process.moduleLoadList.map((name) => name.replace(/^NativeModule /, ''));
  writeFileSync(process.env.TELL_LOADED, JSON.stringify({ files, builtins, schemas }));
});
