import fs from 'node:fs';
import { isErrno, isListening, peerCredentials, processOf, slavePathOf } from '@holdfast/posix';
import type { HandedOver } from './snapshot.ts';

/**
 * Looks whether the descriptors are what the snapshot says: one that is mixed up would show one session's output as that of
 * another. Nothing is read. A program that has ended meanwhile is no fault. Throws Error that names the first that is not.
 */
export function verifyDescriptors({ snapshot, luggage }: HandedOver): void {
  const used = new Set<number>();
  const verify = (index: number, what: string, isIt: (fd: number) => boolean) => {
    const fd = luggage.fd(index, what);
    if (used.has(index))
      throw new Error(`descriptor ${index} of the snapshot stands for two things: ${what}`);
    used.add(index);
    if (!isIt(fd)) throw new Error(`descriptor ${index} of the snapshot is not ${what}`);
  };
  verify(snapshot.lock, 'the lock', (fd) => fs.fstatSync(fd).isFile());
  verify(snapshot.listener, 'the listener', isListening);
  if (snapshot.bytes !== undefined) verify(snapshot.bytes, 'its bytes', (fd) => fs.fstatSync(fd).isFile());
  for (const { socket, peerPid } of snapshot.connections) {
    verify(socket, `the connection of client ${peerPid}`, (fd) => isConnectionOf(fd, peerPid));
  }
  const isOf = (pid: number) => (fd: number) => (processOf(fd) ?? pid) === pid;
  for (const { firstFd, session } of snapshot.sessions) {
    const { state, program, kill } = session;
    for (const { group, pidfd } of kill?.groups ?? [])
      if (pidfd !== null) verify(firstFd + pidfd, `process ${group} of session ${state.id}`, isOf(group));
    if (!program) continue;
    const { pid, master, pidfd, slavePath } = program;
    verify(firstFd + master, `the terminal of session ${state.id}`, (fd) => slavePathOf(fd) === slavePath);
    if (pidfd === null) continue;
    // It names the process for good, as pid and start time would: they need not be compared as well.
    verify(firstFd + pidfd, `process ${pid} of session ${state.id}`, isOf(pid));
  }
}

function isConnectionOf(fd: number, peerPid: number | null): boolean {
  try {
    const { uid, pid } = peerCredentials(fd);
    return uid === process.geteuid?.() && pid === peerPid;
  } catch (error) {
    if (!isErrno(error, 'ENOTSOCK')) throw error;
    return false;
  }
}
