/** The variables that the command line heeds, in few words; docs/cli.md says more. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  HOLDFAST_HOME: 'folder that holds everything: sockets, locks, state, histories, log',
  HOLDFAST_NAMESPACE: 'the namespace, if --namespace is not given; else default',
  HOLDFAST_DETACH_KEY: 'the key before d to detach, if --detach-key is not given; else ctrl-]',
  HOLDFAST_FLEET:
    'where the fleet is, for --host, --all-hosts and hosts: nats://HOST:PORT or tls://HOST:PORT',
  HOLDFAST_FLEET_CREDS: 'file with the credentials for it',
  HOLDFAST_FLEET_CA: "file with the certificates that its servers' are checked by",
  HOLDFAST_SESSION: "set in each session's program to the session's id",
  HOLDFAST_AUTO_UPDATE: 'off: neither the host nor a command upgrades an older daemon by itself',
  HOLDFAST_ENV: 'development: the host upgrades a daemon of any other build, and at once',
  HOLDFAST_DAEMON_ENTRY: 'file that runs the daemon, instead of the one beside the command line',
  XDG_RUNTIME_DIR: 'without HOLDFAST_HOME: where sockets go',
  XDG_STATE_HOME: 'without HOLDFAST_HOME: where locks, state and histories go',
  SHELL: 'the program of a session without one',
  SSH_AUTH_SOCK: "your ssh agent; a session's program sees a link of its own there",
  TERM: 'passed on; xterm-256color if it is not set',
};
