import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import { type Installation, resolveHome } from '@holdfast/supervisor';
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { GuestCaptures } from './api/guest-captures.ts';
import { addFailures } from './api/http-failures.ts';
import { addRest } from './api/rest.ts';
import { type AppRouter, appRouter } from './api/router.ts';
import type { ApiContext } from './api/trpc.ts';
import { addBrowserSession } from './auth/browser-session.ts';
import { cookieNameOf } from './auth/cookie-name.ts';
import { addGuard } from './auth/guard.ts';
import { isLoopback, OriginRule } from './auth/origin.ts';
import { addSecurityHeaders } from './auth/security-headers.ts';
import { Tokens } from './auth/tokens.ts';
import { Namespaces } from './daemons/namespace.ts';
import { ProgramMemory } from './daemons/program-memory.ts';
import type { FleetDoor } from './machines/fleet-door.ts';
import { Machines } from './machines/machines.ts';
import { addPage } from './page/page-files.ts';
import { addTerminals } from './terminal/terminals.ts';

export interface HostOptions {
  /** 0 = any that is free. */
  readonly port: number;
  readonly bind: string;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Further names that lead here, besides those of the certificate, by way of TLS or not. */
  readonly names?: readonly string[];
  /** Whether to listen without TLS where other machines can reach it. */
  readonly insecure?: boolean;
  /** Says where everything is, as for every command; and what sessions start with. */
  readonly env: NodeJS.ProcessEnv;
  /** What else sessions start with: whoever starts the host knows what its login has. */
  readonly programs: Pick<OpenParameters, 'umask' | 'openFilesLimit'>;
  /** Folder of the built page; may be missing. */
  readonly pageFolder: string;
  /** The host's own: its daemon is started at once, and it is meant where none is named. */
  readonly namespace: string;
  /** The programs of this build. */
  readonly installation: Installation;
  /** The way to the other machines of its fleet, if it belongs to one. Whoever gives it closes it, after the host. */
  readonly fleet?: FleetDoor | undefined;
}

export interface Host {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Ends it; no session and no daemon hears of it. */
  close(): Promise<void>;
}

/** A request's body: room for a mebibyte of text to be typed, in JSON. */
const BODY_BYTES = 2 * 1024 * 1024;
/** A client that has not sent its request by then has the connection closed. */
const REQUEST_MS = 30_000;

/**
 * Listens, and returns when it accepts. It has no state but its tokens, which are files. Rejects with HoldfastError: E_USAGE
 * for an address that is not safe, E_INTERNAL where it can't listen.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { bind, env, programs } = options;
  if (!isLoopback(bind) && !options.tls && !options.insecure) {
    const why = 'everybody in between could read and type along; use --tls-cert and --tls-key, or --insecure';
    throw new HoldfastError('E_USAGE', `can't listen at ${bind} without TLS: ${why}`);
  }
  const pem = options.tls && readPem(options.tls);
  const tokens = new Tokens(resolveHome(env, options.namespace));
  tokens.list(); // Those that have expired are removed.
  const token = tokens.owner();
  const { installation } = options;
  const memory = new ProgramMemory();
  const guestCaptures = new GuestCaptures();
  const namespaces = new Namespaces({ env, installation, own: options.namespace });
  const machines = options.fleet && new Machines(options.fleet);
  const server = newServer(pem);
  const isTls = pem !== undefined;
  const origins = new OriginRule({ bind, isTls, names: options.names ?? [], certificate: pem?.certificate });
  const guard = { tokens, origins, cookieName: cookieNameOf(tokens) };
  addSecurityHeaders(server);
  addFailures(server);
  const failures = await addGuard(server, guard);
  addBrowserSession(server, { ...guard, isTls, failures });
  addPage(server, options.pageFolder);
  await addTerminals(server, { namespaces, machines, tokens });
  const contextOf = ({ principal }: FastifyRequest, { raw: answer }: FastifyReply): ApiContext => {
    // The guard lets nobody else come so far.
    if (!principal) throw new HoldfastError('E_INTERNAL', 'a request without a principal');
    return { principal, namespaces, machines, tokens, memory, guestCaptures, answer, env, programs };
  };
  const trpc: FastifyTRPCPluginOptions<AppRouter> = {
    prefix: '/trpc',
    trpcOptions: { router: appRouter, createContext: ({ req, res }) => contextOf(req, res) },
  };
  addRest(server, contextOf);
  await server.register(fastifyTRPCPlugin, trpc);
  try {
    await server.listen({ port: options.port, host: bind });
  } catch (cause) {
    machines?.close();
    namespaces.close();
    await server.close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('E_INTERNAL', `can't listen at ${bind}:${options.port}: ${why}`, { cause });
  }
  // Requests are taken meanwhile, and those about terminals wait for it.
  const own = namespaces.use().thing;
  void own.view; // It is watched from now on.
  own.clientOrStart().catch(() => undefined); // Whoever needs it is told.
  const { port } = server.server.address() as AddressInfo;
  const name = bind.includes(':') ? `[${bind}]` : bind;
  return {
    url: `${isTls ? 'https' : 'http'}://${name}:${port}/`,
    token,
    port,
    async close() {
      machines?.close();
      namespaces.close();
      await server.close();
    },
  };
}

interface Pem {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certificate: X509Certificate;
}

/** Throws HoldfastError E_INTERNAL. */
function readPem({ cert: certFile, key: keyFile }: NonNullable<HostOptions['tls']>): Pem {
  try {
    const cert = readFileSync(certFile);
    return { cert, key: readFileSync(keyFile), certificate: new X509Certificate(cert) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `can't use the certificate ${certFile} with the key ${keyFile}: ${why}`;
    throw new HoldfastError('E_INTERNAL', message, { cause });
  }
}

function noCompiler(): never {
  throw new Error('routes have no JSON schemas');
}

function newServer(pem: Pem | undefined): FastifyInstance {
  const limits = {
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    // Streams and WebSockets last; nobody waits for them when it ends.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 5_000 },
    // Requests are parsed by zod, and answers by nobody: no route has a JSON schema to compile.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
  } as const;
  if (!pem) return fastify(limits);
  const https = { cert: pem.cert, key: pem.key };
  // The same but for the type of the server beneath, which nothing here asks for.
  return fastify({ ...limits, https }) as FastifyInstance;
}
