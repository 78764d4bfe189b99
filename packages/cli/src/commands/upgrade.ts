import type { ErrorCode } from '@holdfast/protocol';
import type { RollingUpgrade, UpgradeOutcome } from '@holdfast/supervisor';
import { chosenStart, START_OPTIONS } from '../arguments/daemon-start.ts';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { availableBuild } from '../connection/available-build.ts';
import { supervisorOf } from '../connection/supervisor.ts';
import { countSessions } from '../output/count-sessions.ts';
import type { Context } from '../context.ts';
import type { Failure } from '../output/errors.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { printable } from '../output/printable.ts';

/** What is a file of this machine. */
const HERE_ONLY = ['entry', 'node'] as const;
/** What only somebody who asks for an upgrade can choose. */
const CHOICES = ['entry', 'node', 'timeout', 'all-hosts', 'json'] as const;

export const upgradeCommand = defineCommand({
  name: 'upgrade',
  summary: 'replace the daemon by this build, keeping every session',
  cannot: "can't upgrade",
  elsewhere: 'host',
  operands: {},
  options: {
    ...START_OPTIONS,
    timeout: { kind: 'value', value: 'MS', summary: 'give up after so long; default 15000' },
    auto: {
      kind: 'flag',
      summary: 'only what is due by itself: from an older version, not twice; says nothing',
    },
    'all-hosts': {
      kind: 'flag',
      summary: 'every host of the fleet, one after the other; ends with the first that fails',
    },
    json: { kind: 'flag', summary: 'print a JSON object' },
  },
  failureDocument: (failure) => failedDocument(failure),
  async run({ options }, context) {
    if (options.auto) {
      const other = CHOICES.find((name) => options[name] !== undefined && options[name] !== false);
      if (other !== undefined) throw usageError(`--auto and --${other} exclude each other`);
      const { upgradeUnasked } = await import('../connection/unasked-upgrade.ts');
      await upgradeUnasked(context);
      return EXIT.done;
    }
    const timeoutMs =
      options.timeout === undefined ? undefined : parseMilliseconds('--timeout', options.timeout);
    if (context.host !== undefined || options['all-hosts']) {
      const other = HERE_ONLY.find((name) => options[name] !== undefined);
      if (other !== undefined) throw usageError(`--${other} names something on this machine`);
      return upgradeElsewhere(context, { timeoutMs, isAll: options['all-hosts'], json: options.json });
    }
    const outcome = await supervisorOf(context).upgrade({
      target: {
        ...chosenStart(options, context.env),
        // Of a file that somebody names only the file itself knows what it is.
        build: options.entry === undefined ? availableBuild(context.env) : null,
      },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return tell(context, outcome, options);
  },
});

/** Returns the exit code. */
function tell(context: Context, outcome: UpgradeOutcome, { json }: { json: boolean }): number {
  if (!outcome.ok) {
    const { code, sessions } = outcome;
    const message = printable(`can't upgrade: ${outcome.reason}`);
    context.note(`holdfast: ${message}${aftermath(code, sessions)}`);
    if (json) context.print(jsonLine(failedDocument({ code, message }, sessions ?? 0)));
    return EXIT.failed;
  }
  const { keeper, ...upgraded } = outcome;
  if (keeper !== null) context.note(`holdfast: ${printable(keeper)}`);
  context.print(json ? jsonLine(upgraded) : `${printable(describe(outcome))}\n`);
  return EXIT.done;
}

/** One host by `--host`, or all, until one fails. */
async function upgradeElsewhere(
  context: Context,
  how: { timeoutMs: number | undefined; isAll: boolean; json: boolean },
): Promise<number> {
  const { host } = context;
  if (host !== undefined && how.isAll) throw usageError('--host and --all-hosts exclude each other');
  const { upgradeHost, upgradeHosts } = await import('../fleet/upgrade-hosts.ts');
  if (host !== undefined) return tell(context, await upgradeHost(context, host, how.timeoutMs), how);
  const { upgraded, failed, left } = await upgradeHosts(context, how.timeoutMs, (name, outcome) => {
    if (outcome.ok && !how.json) context.print(`${name}: ${printable(describe(outcome))}\n`);
  });
  if (failed) {
    const { code, reason, sessions } = failed.outcome;
    const rest = left.length === 0 ? '' : `; left as they are: ${left.join(', ')}`;
    context.note(
      `holdfast: ${failed.host}: ${printable(`can't upgrade: ${reason}`)}${aftermath(code, sessions)}${rest}`,
    );
  }
  if (how.json) {
    context.print(jsonLine(allHostsDocument({ upgraded, failed, left })));
  }
  return failed ? EXIT.failed : EXIT.done;
}

/** A failure has the form that it has for one daemon, and says beside it of which host it is. */
function allHostsDocument({ upgraded, failed, left }: RollingUpgrade) {
  if (!failed) return { ok: true, upgraded, failed: null, left };
  const { code, reason, sessions } = failed.outcome;
  const message = printable(`can't upgrade: ${reason}`);
  const told = { host: failed.host, code, reason: message };
  return { ...failedDocument({ code, message }, sessions ?? 0), upgraded, failed: told, left };
}

/** The reply's own form of a failure. */
function failedDocument({ code, message }: Pick<Failure, 'code' | 'message'>, sessions = 0) {
  return { ok: false, code, reason: message, sessions };
}

function describe(upgraded: UpgradeOutcome & { ok: true }): string {
  const { from, to, sessions } = upgraded;
  if (from === null) return `Started ${to.version} (build ${to.build}): ${countSessions(sessions)} kept`;
  const builds = from.build === to.build ? `build ${to.build} again` : `build ${from.build} → ${to.build}`;
  const change =
    from.version === to.version ? `${from.version} (${builds})` : `${from.version} → ${to.version}`;
  return `Upgraded ${change}: ${countSessions(sessions)} kept, pause ${Math.max(1, Math.round(upgraded.pauseMs))} ms`;
}

/** What a failed upgrade has cost: nothing, if a daemon says that it failed. */
function aftermath(code: ErrorCode, sessions: number | null): string {
  if (code === 'E_TIMEOUT' || code === 'E_DISCONNECTED') return '; holdfast status tells which daemon runs';
  if (sessions === null) return '';
  if (sessions === 0) return '; nothing has changed';
  return `; nothing has changed, and ${countSessions(sessions)} run${sessions === 1 ? 's' : ''} on`;
}
