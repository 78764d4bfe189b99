// Runs a TypeScript program from source: node scripts/run-ts.mjs FILE [ARG…]
//
// Node 20 can't strip types, so the program is bundled first; only the packages of this repository go in, the rest is
// imported as it is. `import.meta.url`, `.filename` and `.dirname` are those of the source file, as in any other runner.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './root.mjs';

/** @type {import('esbuild').Plugin} */
const externalPackages = {
  name: 'external-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path: name, kind }) =>
      kind === 'entry-point' || name.startsWith('@holdfast/') ? undefined : { path: name, external: true },
    );
  },
};

/** @type {import('esbuild').Plugin} */
const sourceLocations = {
  name: 'source-locations',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const here = { url: pathToFileURL(file).href, filename: file, dirname: path.dirname(file) };
      const source = readFileSync(file, 'utf8');
      const contents = source.replace(
        /\bimport\.meta\.(url|filename|dirname)\b/g,
        (_, /** @type {keyof typeof here} */ key) => JSON.stringify(here[key]),
      );
      return { contents, loader: 'ts' };
    });
  },
};

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error('usage: node scripts/run-ts.mjs FILE [ARG…]');
  process.exit(2);
}
const entry = path.resolve(file);
const program = await bundle(entry);
process.argv = [process.execPath, entry, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);

/** @param {string} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: 'out.mjs',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    sourcemap: 'inline',
    plugins: [externalPackages, sourceLocations],
    write: false,
    logLevel: 'warning',
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  // Named by content, and renamed into place: two runs at once never read each other's half-written file.
  const name = createHash('sha256').update(entry).update(code).digest('hex').slice(0, 16);
  const folder = path.join(root, 'node_modules', '.cache', 'holdfast');
  const target = path.join(folder, `${path.basename(entry, '.ts')}-${name}.mjs`);
  await mkdir(folder, { recursive: true });
  await writeFile(`${target}.${process.pid}`, code);
  await rename(`${target}.${process.pid}`, target);
  return target;
}
