// Who may import whom. One row a package: the packages whose index it may import.
const mayImport = {
  protocol: [],
  posix: [],
  keeper: ['posix', 'protocol'],
  screen: [],
  daemon: ['posix', 'protocol'], // and screen, in screen/worker only, but for its queries
  client: ['protocol'], // and posix, in transport/posix* only
  supervisor: ['client', 'protocol', 'posix'],
  host: ['supervisor', 'client', 'protocol'], // and the queries of screen, and posix/process-stat
  fleet: ['client', 'protocol'],
  cli: ['supervisor', 'client', 'protocol', 'posix', 'host', 'fleet'], // and the queries of screen, and its types
  web: ['protocol'], // and the types of host, and the guards of screen
};

// testkit may import anything, and tests may import testkit.
const test = '[.]test[.]tsx?$|^packages/[^/]+/test/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(mayImport).map(([name, allowed]) => tableRow(name, allowed)),
    {
      name: 'client-posix-transport',
      comment: 'A program that uses only the net transport must never load koffi.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: [test, '^packages/client/src/transport/posix'] },
      to: { path: '^packages/(posix/|client/src/transport/posix)' },
    },
    {
      name: 'host-without-libc',
      comment:
        'What /proc tells of a process is cut up in one place; that loads no koffi, and neither does the host.',
      severity: 'error',
      from: { path: '^packages/host/src/', pathNot: test },
      to: { path: '^packages/posix/', pathNot: '^packages/posix/src/process-stat[.]ts$' },
    },
    {
      name: 'screens-in-worker',
      comment: "Nothing is emulated in the daemon's own thread.",
      severity: 'error',
      from: { path: '^packages/daemon/src/', pathNot: [test, '^packages/daemon/src/screen/worker/'] },
      to: { path: '^packages/(screen/(?!src/queries/)|daemon/src/screen/worker/)' },
    },
    {
      name: 'screen-queries',
      comment:
        'The command line shows a session in a real terminal, and the host in pages; an emulator is a program of its own, which only export loads.',
      severity: 'error',
      from: { path: '^packages/(cli|host)/src/', pathNot: test },
      to: {
        path: '^packages/screen/',
        pathNot: '^packages/screen/src/queries/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'queries-alone',
      comment: 'What daemon, host and command line import of screen brings no emulator with it.',
      severity: 'error',
      from: { path: '^packages/screen/src/queries/', pathNot: test },
      to: { pathNot: '^packages/screen/src/queries/' },
    },
    {
      name: 'worker-without-libc',
      comment:
        'The worker of the screens has no business with descriptors of others: it must never load koffi.',
      severity: 'error',
      from: { path: '^packages/daemon/src/screen/worker/' },
      to: { path: '^packages/posix/', reachable: true },
    },
    {
      name: 'web-host-types',
      comment: 'The page knows the types of the API, and nothing of the service.',
      severity: 'error',
      from: { path: '^packages/web/src/', pathNot: test },
      to: { path: '^packages/host/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'web-screen-guards',
      comment:
        'The page has a terminal of its own: it shares what goes around the faults of xterm.js, and emulates nothing.',
      severity: 'error',
      from: { path: '^packages/web/src/', pathNot: test },
      to: { path: '^packages/screen/', pathNot: '^packages/screen/src/sequence-guards[.]ts$' },
    },
    {
      name: 'front-door',
      comment: 'Packages are imported by their exports, never by a path into them.',
      severity: 'error',
      from: { path: '^(?:packages/([^/]+)|tests|bench|scripts)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: [
          '^packages/$1/',
          '^packages/[^/]+/src/index[.]ts$',
          '^packages/client/src/(transport/posix|waiting/index)[.]ts$',
          '^packages/host/src/auth/tokens[.]ts$',
          '^packages/posix/src/process-stat[.]ts$',
          '^packages/protocol/src/(keeper|keeper-report)[.]ts$',
          '^packages/screen/src/(queries/index|sequence-guards)[.]ts$',
          '^packages/supervisor/src/(connect|home|keeper|keeper-report|ship|status)[.]ts$',
        ],
      },
    },
    {
      name: 'libc-in-posix',
      comment: 'Only packages/posix calls libc.',
      severity: 'error',
      from: { path: '^(packages|tests|bench)/', pathNot: '^packages/posix/' },
      to: { path: '(^|/)koffi(/|$)' },
    },
    {
      name: 'protocol-anywhere',
      comment: 'The protocol runs in browsers, too.',
      severity: 'error',
      from: { path: '^packages/protocol/src/', pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-test-in-program',
      severity: 'error',
      from: { path: '^packages/', pathNot: test },
      to: { path: test },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/|^tests/releases/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};

/** @param {string} name @param {string[]} allowed */
function tableRow(name, allowed) {
  const exceptions =
    {
      cli: ['screen'],
      client: ['posix'],
      daemon: ['screen'],
      host: ['posix', 'screen'],
      web: ['host', 'screen'],
    }[name] ?? []; // judged by rules of their own
  return {
    name: `${name}-imports`,
    comment: `packages/${name} may import ${allowed.join(', ') || 'no other package'}.`,
    severity: /** @type {const} */ ('error'),
    from: { path: `^packages/${name}/`, pathNot: test },
    to: {
      path: '^packages/',
      pathNot: `^packages/(${[name, ...allowed, ...exceptions].join('|')})/`,
    },
  };
}
