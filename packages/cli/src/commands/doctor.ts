import { daemonAnswers } from '../checks/daemon.ts';
import { type Check, fail, type Finding } from '../checks/finding.ts';
import { fileSystem } from '../checks/file-system.ts';
import { freeSpace, homeFolder, runtimeFolder } from '../checks/home.ts';
import { keeper } from '../checks/keeper.ts';
import { logout } from '../checks/logout.ts';
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
  freeSpace,
  fileSystem,
  daemonAnswers,
  keeper,
  pseudoTerminal,
  terminalsLeft,
  openFiles,
  sshAgent,
  logout,
];

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'check what Holdfast needs on this machine',
  cannot: "can't check",
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
    return fail(error instanceof Error ? error.message : String(error), 'see the rows above');
  }
}

function describe({ name, status, detail, hint }: Finding & { name: string }): string {
  const row = `${status.padEnd(4)}  ${name.padEnd(14)}  ${printable(detail)}\n`;
  return hint === undefined ? row : `${row}${' '.repeat(22)}→ ${hint}\n`;
}
