import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { within } from './eventually.ts';

/** A named pipe that a program waits at until the test opens it: neither has to guess how far the other is. */
export class Gate {
  /** What the program opens for reading; it may go on when it reads the end. */
  readonly path: string;

  constructor(path: string) {
    execFileSync('mkfifo', [path]);
    this.path = path;
  }

  /** Lets the program on; resolves when it has come to the gate. */
  async open(): Promise<void> {
    await within('a program at the gate', writeFile(this.path, ''));
  }
}
