// Bundles the programs that are shipped, one file each: dist/cli/main.cjs, dist/host/main.js (what `serve` loads), dist/mcp/main.js (what `mcp` loads),
// dist/daemon/main.js, dist/screen/main.cjs (the daemon's worker, and what `export` loads) and dist/keeper/main.js.
// Beside them: dist/build.json, which says what they are, dist/man, the manual, and dist/THIRD-PARTY-LICENSES.txt.
//
// What starts often, the command line, is a CommonJS file: Node loads ES modules much slower. Of it only that runs which a command
// imports: esbuild wraps what is behind an import(). All are minified: V8 has half as much to read, and npm to install.
//
// Two constants are put in: __HOLDFAST_VERSION__, the version in the root package.json, and __HOLDFAST_BUILD__, a hash of
// everything that was bundled. The hash can't be known before it is in the files, so they are bundled with a placeholder of
// the same length, hashed, and then patched; source maps stay valid.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { root } from './root.mjs';
import { noteThirdParties } from './third-parties.mjs';

const buildPlaceholder = '@@hf-build@@';
const LINE_CHARACTERS = 240;

// Fastify and what it uses are CommonJS: they call `require` for Node's own modules.
const REQUIRE =
  "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

/**
 * `logsFaults`: it keeps the names of its functions, which are all that is to be read of a fault in the log.
 *
 * @type {{ name: string, entry: string | string[], startsOften: boolean, logsFaults?: boolean, banner?: string }[]}
 */
const programs = [
  { name: 'cli', entry: 'packages/cli/src/main.ts', startsOften: true },
  { name: 'keeper', entry: 'packages/keeper/src/main.ts', startsOften: false, logsFaults: true },
  { name: 'host', entry: 'packages/host/src/main.ts', startsOften: false, banner: REQUIRE },
  { name: 'mcp', entry: 'packages/cli/src/mcp/main.ts', startsOften: false },
  // Loaded as a library, and as a thread's program.
  {
    name: 'fleet',
    entry: ['packages/fleet/src/main.ts', 'packages/fleet/src/bridge-worker.ts'],
    startsOften: false,
    banner: REQUIRE,
  },
  { name: 'daemon', entry: 'packages/daemon/src/main.ts', startsOften: false, logsFaults: true },
  // A worker is given it as text, which can't be an ES module.
  { name: 'screen', entry: 'packages/daemon/src/screen/worker/main.ts', startsOften: true },
];

/** zod brings its messages in 50 languages, of which ours are in English. @type {import('esbuild').Plugin} */
const withoutLocales = {
  name: 'without-locales',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export {};',
    }));
  },
};

/**
 * What libraries load for what nobody here asks them, and of whom it is expected. Loading one does nothing; calling it throws.
 */
const LEFT_OUT = {
  fastify: [
    // JSON schemas of routes: requests are parsed by zod.
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
    // What a proxy in front says of its clients, which is not believed.
    '@fastify/proxy-addr',
    // Requests of tests that need no connection.
    'light-my-request',
  ],
  '@modelcontextprotocol/sdk': [
    // JSON schemas of what people are asked for: nobody is asked.
    'ajv',
    'ajv-formats',
    // Tools that are described by the version of zod before.
    'zod/v3',
    'zod-to-json-schema',
  ],
  '@fastify/websocket': ['duplexify'], // the same for WebSockets
  pino: ['thread-stream'], // logs that are written by a worker
};

/** @type {import('esbuild').Plugin} */
const withoutUnused = {
  name: 'without-unused',
  setup(build) {
    for (const [library, names] of Object.entries(LEFT_OUT)) {
      build.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path: name, importer }) =>
        importer.includes(`/node_modules/${library}/`) ? { path: name, namespace: 'left-out' } : undefined,
      );
    }
    build.onLoad({ filter: /./, namespace: 'left-out' }, ({ path: name }) => ({
      contents: `module.exports = () => { throw new Error('${name} is not in this bundle'); };`,
    }));
  },
};

const present = programs.filter(({ entry }) => existsSync(path.join(root, [entry].flat()[0] ?? '')));
const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const bundled = await Promise.all(present.map((program) => bundle(program, version)));
const outputs = bundled.flatMap((program) => program.outputs);
noteThirdParties(
  'programs',
  bundled.flatMap(({ sources }) => sources),
);
const buildId = hash(outputs);
for (const { name } of programs) {
  await install(
    path.join(root, 'dist', name),
    outputs.filter((output) => output.program === name),
    buildId,
  );
}
await removeFormer(path.join(root, 'dist'));
// For who starts these programs and is not one of them: see installationIn of packages/supervisor.
const described = path.join(root, 'dist', 'build.json');
await installText(described, `${JSON.stringify({ version, build: buildId })}\n`);
await installText(path.join(root, 'dist', 'man', 'holdfast.1'), await manual(version));
console.log(`bundled ${present.map(({ name }) => name).join(', ') || 'nothing'}: ${version} (${buildId})`);

/** @typedef {{ program: string, file: string, bytes: Uint8Array }} Output */

/**
 * @param {(typeof programs)[number]} program
 * @param {string} version
 * @returns {Promise<{ outputs: Output[], sources: string[] }>}
 */
async function bundle({ name, entry, startsOften, logsFaults = false, banner }, version) {
  const outdir = path.join(root, 'dist', name);
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry].flat(),
    splitting: Array.isArray(entry),
    outdir,
    bundle: true,
    format: startsOften ? 'cjs' : 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: !logsFaults,
    // Node prints the whole line that an uncaught error comes from.
    lineLimit: LINE_CHARACTERS,
    // The repository's package.json makes every .js an ES module.
    outExtension: { '.js': startsOften ? '.cjs' : '.js' },
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    external: ['koffi'],
    plugins: [withoutLocales, withoutUnused],
    sourcemap: 'linked',
    legalComments: 'none',
    ...(banner === undefined ? {} : { banner: { js: banner } }),
    define: {
      __HOLDFAST_VERSION__: JSON.stringify(version),
      __HOLDFAST_BUILD__: JSON.stringify(buildPlaceholder),
    },
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  return {
    outputs: result.outputFiles.map(({ path: file, contents }) => ({
      program: name,
      file: path.relative(outdir, file).split(path.sep).join('/'),
      bytes: contents,
    })),
    sources: Object.values(result.metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)),
  };
}

/** The manual page, which is made from the commands' tables. @param {string} version @returns {Promise<string>} */
async function manual(version) {
  const program = ['scripts/run-ts.mjs', 'packages/cli/src/manual/main.ts', version];
  return (await promisify(execFile)(process.execPath, program, { cwd: root })).stdout;
}

/** @param {string} target @param {string} text */
async function installText(target, text) {
  const fresh = `${target}.${process.pid}.tmp`;
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(fresh, text);
  await rename(fresh, target);
}

/** Source maps are left out: they don't change what runs. @param {Output[]} outputs */
function hash(outputs) {
  const sum = createHash('sha256');
  const code = outputs
    .filter(({ file }) => !file.endsWith('.map'))
    .map(({ program, file, bytes }) => ({ key: `${program}/${file}`, bytes }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, bytes } of code) sum.update(`${key}\0${bytes.length}\0`).update(bytes);
  return sum.digest('hex').slice(0, buildPlaceholder.length);
}

/**
 * Each file is renamed into place, so that a program starting meanwhile reads the old one or the new one, never half;
 * what the last build left over goes last.
 *
 * @param {string} folder
 * @param {Output[]} outputs
 * @param {string} buildId
 */
async function install(folder, outputs, buildId) {
  for (const { file, bytes } of outputs) {
    const target = path.join(folder, file);
    const fresh = `${target}.${process.pid}.tmp`;
    const code = file.endsWith('.map') ? bytes : patch(bytes, buildId);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(fresh, code);
    await rename(fresh, target);
  }
  const wanted = new Set(outputs.map(({ file }) => path.join(folder, file)));
  const found = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  for (const entry of found) {
    const file = path.join(entry.parentPath, entry.name);
    const isAnothers = file.endsWith('.tmp'); // of a build that runs at the same time
    if (entry.isFile() && !wanted.has(file) && !isAnothers) await rm(file, { force: true });
  }
}

/** Programs that were made by an earlier build, and are none any more. @param {string} dist */
async function removeFormer(dist) {
  for (const name of await readdir(dist)) {
    const isProgram = ['main.js', 'main.cjs'].some((file) => existsSync(path.join(dist, name, file)));
    if (isProgram && !programs.some((program) => program.name === name))
      await rm(path.join(dist, name), { recursive: true });
  }
}

/** @param {Uint8Array} bytes @param {string} buildId */
function patch(bytes, buildId) {
  return Buffer.from(bytes).toString('utf8').replaceAll(buildPlaceholder, buildId);
}
