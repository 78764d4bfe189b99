import { daemonAnswers } from '../checks/daemon.ts';
import { type Check, fail, type Finding } from '../checks/finding.ts';
import { fileSystem } from '../checks/file-system.ts';
import { freeSpace, homeFolder, runtimeFolder } from '../checks/home.ts';
import { keeper } from '../checks/keeper.ts';
import { lastCrash } from '../checks/last-crash.ts';
import {
  logs,
  runtimeFolders,
  sessionFolders,
  setAside,
  sockets,
  temporaryFiles,
} from '../checks/leftovers.ts';
import { logout } from '../checks/logout.ts';
import { service } from '../checks/service.ts';
import { socketPath } from '../checks/socket.ts';
import {
  nodeVersion,
  openFiles,
  pseudoTerminal,
  sshAgent,
  systemCalls,
  terminalsLeft,
} from '../checks/system.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { printable } from '../output/printable.ts';

const CHECKS: readonly Check[] = [
  nodeVersion,
  systemCalls,
  homeFolder,
  runtimeFolder,
  socketPath,
  freeSpace,
  fileSystem,
  daemonAnswers,
  keeper,
  lastCrash,
  pseudoTerminal,
  terminalsLeft,
  openFiles,
  sshAgent,
  logout,
  service,
  sockets,
  sessionFolders,
  setAside,
  temporaryFiles,
  runtimeFolders,
  logs,
];

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check what Holdfast needs on this machine',
  cannot: "can't check",
  hereOnly: 'it looks at the machine it runs on',
  operands: {},
  options: { json: { kind: 'flag', summary: 'print a JSON object' } },
  details: ['Exit code 1 if a check fails.'],
  async run({ options }, context) {
    const findings = [];
    for (const check of CHECKS) findings.push({ name: check.name, ...(await finding(check, context)) });
    const isWell = findings.every(({ status }) => status !== 'fail');
    if (options.json) context.print(jsonLine({ ok: isWell, checks: findings }));
    else for (const each of findings) context.print(describe(each));
    return isWell ? EXIT.done : EXIT.failed;
  },
});

/** A check that can't even be made has failed. */
async function finding(check: Check, context: Context): Promise<Finding> {
  try {
    return await check.run(context);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), {
      why: 'what this row is about is not known',
      hint: 'see the rows above',
    });
  }
}

function describe({ name, status, detail, why, hint }: Finding & { name: string }): string {
  const row = `${status.padEnd(4)}  ${name.padEnd(14)}  ${printable(detail)}\n`;
  if (why === undefined || hint === undefined) return row;
  const indent = ' '.repeat(22);
  return `${row}${indent}${printable(why)}\n${indent}→ ${printable(hint)}\n`;
}
