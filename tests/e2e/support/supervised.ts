import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Build, Supervisor, type SupervisorEvent, type SupervisorOptions } from '@holdfast/supervisor';
import { repository, TestHome } from '@holdfast/testkit';

/** What a daemon starts, beside it in its tree: without a keeper it can't replace one that has ended. */
const PROGRAMS = ['daemon/main.js', 'keeper/main.js', 'screen/main.cjs'];

/** A daemon that says it is another version and build than the one of this tree, with keeper and worker, and is the same otherwise. */
export function otherDaemon(home: TestHome, other: Build): string {
  const folder = home.scratch(`other-${other.version}-${other.build}`);
  const tree = path.join(path.dirname(home.installation.daemonEntry), '..');
  const { version, build } = thisBuild(home);
  for (const program of PROGRAMS) {
    const code = readFileSync(path.join(tree, program), 'utf8');
    if (!code.includes(build)) throw new Error(`${program} does not contain ${build}`);
    const file = path.join(folder, program);
    mkdirSync(path.dirname(file));
    writeFileSync(file, code.replaceAll(build, other.build).replaceAll(`"${version}"`, `"${other.version}"`));
  }
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  return path.join(folder, 'daemon', 'main.js');
}

/** A daemon that says what it is and cannot start. */
export function brokenDaemon(home: TestHome): string {
  const entry = path.join(home.scratch('broken'), 'main.mjs');
  writeFileSync(entry, 'throw new Error("this build cannot start");');
  return entry;
}

/** What the built tree is. */
export function thisBuild(home: TestHome): Build {
  const text = execFileSync(home.installation.bin, ['--version'], { encoding: 'utf8' });
  const [, version = '', build = ''] = /(\S+) \((\w+)\)/.exec(text) ?? [];
  return { version, build };
}

/** A home, and supervisors of it as several programs would have them. */
export class SupervisedHome extends TestHome {
  /** What all supervisors have told of, in order. */
  readonly events: SupervisorEvent[] = [];

  supervisor(
    installation: Partial<SupervisorOptions['installation']> = {},
    options: Partial<SupervisorOptions> = {},
  ): Supervisor {
    const { daemonEntry, keeperEntry } = this.installation;
    const supervisor = new Supervisor({
      home: this.paths,
      name: 'test',
      env: this.env,
      installation: { daemonEntry, keeperEntry, build: thisBuild(this), ...installation },
      ...options,
    });
    supervisor.subscribe((event) => this.events.push(event));
    return supervisor;
  }

  /** Of one type, in order. */
  told<Type extends SupervisorEvent['type']>(type: Type): Extract<SupervisorEvent, { type: Type }>[] {
    return this.events.filter(
      (event): event is Extract<SupervisorEvent, { type: Type }> => event.type === type,
    );
  }

  /** Lines of the daemon's log that tell of an event. */
  logged(event: string): string[] {
    return readFileSync(this.paths.logPath, 'utf8')
      .split('\n')
      .filter((line) => line.split(' ')[1] === event);
  }

  /** A session of `cat`. */
  async open(name: string): Promise<{ id: string; pid: number }> {
    const client = await this.connect();
    const { session } = await client.request('open', {
      command: ['cat'],
      cwd: '/',
      cols: 80,
      rows: 24,
      env: { ...this.env },
      name,
    });
    client.close();
    return session;
  }
}
