// node build.mjs FOLDER: bundles the application with esbuild.
import path from 'node:path';
import { ship } from '@holdfast/supervisor/ship';
import { build } from 'esbuild';

const [folder = path.join(import.meta.dirname, 'dist')] = process.argv.slice(2);

await build({
  entryPoints: { main: path.join(import.meta.dirname, '..', 'application.mjs') },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Native code; `ship` brings it.
  external: ['koffi'],
  // pino is CommonJS, and a bundle of ES modules has no `require`.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
});
ship({ dist: path.join(import.meta.dirname, '..', '..', 'dist'), into: folder });
