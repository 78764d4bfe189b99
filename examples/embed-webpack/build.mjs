// node build.mjs FOLDER: bundles the application with webpack.
import path from 'node:path';
import { promisify } from 'node:util';
import { ship } from '@holdfast/supervisor/ship';
import webpack from 'webpack';

const [folder = path.join(import.meta.dirname, 'dist')] = process.argv.slice(2);

const compiler = webpack({
  mode: 'production',
  target: 'node20',
  entry: { main: path.join(import.meta.dirname, '..', 'application.mjs') },
  output: { path: folder, filename: '[name].mjs', chunkFilename: '[name].mjs', module: true },
  experiments: { outputModule: true },
  // Native code; `ship` brings it.
  externals: { koffi: 'import koffi' },
  // `import.meta.url` is where the bundle is, and not where its source was.
  module: { parser: { javascript: { importMeta: false } } },
});
const stats = await promisify(compiler.run.bind(compiler))();
await promisify(compiler.close.bind(compiler))();
if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
ship({ dist: path.join(import.meta.dirname, '..', '..', 'dist'), into: folder });
