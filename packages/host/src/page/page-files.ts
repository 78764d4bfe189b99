import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const MEDIA_TYPE: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
/** Below this a compressed answer saves nothing. */
const COMPRESS_FROM_BYTES = 1_024;
const COMPRESSIBLE = /^text\/|javascript|json|svg|wasm/;
const YEAR_S = 365 * 24 * 60 * 60;

/** In a package they are compressed already. */
const PACKED = '.gz';

const compress = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * Serves the page's files, to everybody: they are the same for all, and know no secret. They are read once, so that
 * a page and its parts are of one build for as long as this host lives; each has an address of its own, and nothing else has
 * one. Without a built page there is nothing at `/`.
 */
export function addPage(server: FastifyInstance, folder: string): void {
  for (const found of filesIn(folder)) {
    const bytes = readFileSync(path.join(folder, found));
    const isPacked = found.endsWith(PACKED);
    const file = isPacked ? found.slice(0, -PACKED.length) : found;
    // What is packed ends with its length before that.
    const length = isPacked ? bytes.readUInt32LE(bytes.length - 4) : bytes.length;
    const type = MEDIA_TYPE[path.extname(file)] ?? 'application/octet-stream';
    // Their names have a hash of what is in them.
    const isImmutable = file.startsWith('assets/');
    const isWorthIt = length >= COMPRESS_FROM_BYTES && COMPRESSIBLE.test(type);
    // Each is made for the first who wants it.
    let plain = isPacked ? undefined : Promise.resolve(bytes);
    let compressed = isPacked ? Promise.resolve(bytes) : undefined;
    const address = file === 'index.html' ? '/' : `/${file}`;
    server.get(address, { config: { isOpen: true } }, async (request, reply) => {
      reply.type(type).header('vary', 'accept-encoding');
      if (isImmutable) reply.header('cache-control', `private, max-age=${YEAR_S}, immutable`);
      const accepted = request.headers['accept-encoding'] ?? '';
      if (!isWorthIt || !/\bgzip\b/.test(accepted)) return (plain ??= unpack(bytes));
      compressed ??= compress(bytes);
      reply.header('content-encoding', 'gzip');
      return compressed;
    });
  }
}

/** Their paths in a folder, with `/`; none if it isn't there. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
      );
  } catch {
    // ENOENT: only the programs were built.
    return [];
  }
}
