import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Of koffi: what no program loads. */
const NOT_SHIPPED = /\/koffi\/(vendor|doc)$/;

export interface Shipment {
  /** The `dist` folder of a built Holdfast. */
  readonly dist: string;
  /** The application's folder, in which its bundle is. */
  readonly into: string;
}

/**
 * For the build of an application: puts into its folder what no bundler can bundle. `holdfast/` has the daemon with its worker, and its keeper, which
 * are programs of their own; `node_modules/` has koffi with the native code of the platforms that are installed here. The
 * application says `installationIn(path.join(FOLDER, 'holdfast'))`.
 */
export function ship({ dist, into }: Shipment): void {
  const programs = path.join(into, 'holdfast');
  mkdirSync(programs, { recursive: true });
  for (const file of ['daemon/main.js', 'screen/main.cjs', 'keeper/main.js', 'build.json'])
    cpSync(path.join(dist, file), path.join(programs, file));
  // They are ES modules, whatever the application is.
  writeFileSync(path.join(programs, 'package.json'), '{ "type": "module" }\n');
  const koffi = path.dirname(createRequire(path.resolve(dist, 'daemon', 'main.js')).resolve('koffi'));
  const modules = path.join(into, 'node_modules');
  copy(koffi, path.join(modules, 'koffi'));
  const native = path.join(koffi, '..', '@koromix');
  for (const name of readdirSync(native)) copy(path.join(native, name), path.join(modules, '@koromix', name));
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (file) => !NOT_SHIPPED.test(file) });
}
