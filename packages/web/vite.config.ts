import { readFileSync } from 'node:fs';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { noteThirdParties } from '../../scripts/third-parties.mjs';

const STYLE_IMPORT = /@import\s+["']([^"']+)["']/g;

/** Tells whose code is in the page, and whose styles: they are imported by a stylesheet, and are no modules. */
const thirdParties: Plugin = {
  name: 'third-parties',
  apply: 'build',
  async generateBundle(_options, bundle) {
    const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
    const files = chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => id.replace(/\?.*$/, '')));
    const sheets = files.filter((file) => file.endsWith('.css'));
    const styles = await Promise.all(
      sheets.flatMap((sheet) =>
        [...readFileSync(sheet, 'utf8').matchAll(STYLE_IMPORT)].map(([, name = '']) =>
          this.resolve(name, sheet),
        ),
      ),
    );
    noteThirdParties('page', [...files, ...styles.flatMap((style) => style?.id ?? [])]);
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss(), thirdParties],
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    // Beside the host's bundle, which serves it.
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // The Content-Security-Policy allows no `data:` but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
});
