import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Check, fail, ok, warn } from './finding.ts';

const NODE_MIN = { major: 20, minor: 19 };
/** Descriptors: a session takes two, a client one. */
const OPEN_FILES_MIN = 4_096;
const NEARLY_ALL = 0.9;

export const nodeVersion: Check = {
  name: 'node',
  run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isEnough = major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor);
    const detail = `Node ${process.versions.node} at ${process.execPath}`;
    if (isEnough) return ok(detail);
    return fail(detail, {
      why: 'this program uses what older ones do not have',
      hint: `install Node ${NODE_MIN.major}.${NODE_MIN.minor} or newer`,
    });
  },
};

export const systemCalls: Check = {
  name: 'system calls',
  async run() {
    try {
      await import('@holdfast/posix');
      return ok('koffi loads');
    } catch (error) {
      return fail(`koffi can't be loaded: ${String(error)}`, {
        why: 'terminals are opened by system calls that Node does not have',
        hint: 'run "npm ci" again on this machine, without --omit=optional: its binary comes with an optional package',
      });
    }
  },
};

export const pseudoTerminal: Check = {
  name: 'terminals',
  async run() {
    const { close, openPty } = await import('@holdfast/posix');
    try {
      const { master, slavePath } = openPty({ cols: 80, rows: 24 });
      close(master);
      return ok(`a pseudo-terminal can be opened (${slavePath})`);
    } catch (error) {
      return fail(`no pseudo-terminal can be opened: ${String(error)}`, {
        why: 'each session needs one',
        hint: 'is /dev/pts mounted, and kernel.pty.max not reached?',
      });
    }
  },
};

export const terminalsLeft: Check = {
  name: 'terminals left',
  run() {
    const max = readNumber('/proc/sys/kernel/pty/max');
    const used = readNumber('/proc/sys/kernel/pty/nr');
    if (max === undefined || used === undefined) return ok('this system does not tell how many there are');
    const detail = `${used} of ${max} pseudo-terminals are in use`;
    if (used < max * NEARLY_ALL) return ok(detail);
    return warn(detail, {
      why: 'each session needs one, and none can be opened without',
      hint: 'raise kernel.pty.max by sysctl',
    });
  },
};

export const openFiles: Check = {
  name: 'open files',
  run() {
    const limits = readText('/proc/self/limits');
    const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? '') ?? [];
    if (hard === undefined) return ok('this system does not tell the limit');
    const detail = `the daemon may open ${hard} files`;
    const isEnough = hard === 'unlimited' || Number(hard) >= OPEN_FILES_MIN;
    if (isEnough) return ok(detail);
    return warn(detail, {
      why: 'a session takes two of them, a client one, an upgrade some more for a moment',
      hint: `raise the hard limit (ulimit -Hn) to ${OPEN_FILES_MIN} for many sessions`,
    });
  },
};

export const sshAgent: Check = {
  name: 'ssh agent',
  run({ env }) {
    const socket = env['SSH_AUTH_SOCK'];
    if (!socket) return ok('SSH_AUTH_SOCK is not set');
    if (existsSync(socket) && statSync(socket).isSocket()) return ok(`SSH_AUTH_SOCK is ${socket}`);
    return warn(`SSH_AUTH_SOCK names no socket: ${socket}`, {
      why: 'programs in sessions that are opened from here can sign nothing',
      hint: 'attach from a login that has an agent: old sessions get it, too',
    });
  },
};

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // ENOENT: a system without /proc
  }
}

function readNumber(file: string): number | undefined {
  const text = readText(file);
  return text === undefined ? undefined : Number(text);
}
