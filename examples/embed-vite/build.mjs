// node build.mjs FOLDER: bundles the application with Vite, as one for Node (`ssr`).
import path from 'node:path';
import { ship } from '@holdfast/supervisor/ship';
import { build } from 'vite';

const [folder = path.join(import.meta.dirname, 'dist')] = process.argv.slice(2);

await build({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'warn',
  build: {
    ssr: path.join(import.meta.dirname, '..', 'application.mjs'),
    outDir: folder,
    emptyOutDir: true,
    target: 'node20',
    minify: true,
    rolldownOptions: { output: { entryFileNames: 'main.mjs', chunkFileNames: '[name]-[hash].mjs' } },
  },
  // Everything goes in but native code; `ship` brings that.
  ssr: { noExternal: true, external: ['koffi'] },
});
ship({ dist: path.join(import.meta.dirname, '..', '..', 'dist'), into: folder });
