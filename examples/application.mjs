// A small application that keeps a terminal session alive. Each folder beside this file bundles it as another bundler would.
//
//   node main.mjs open               makes sure that a daemon runs, and opens a session
//   node main.mjs type SESSION TEXT  types a line, and prints what the session has printed since
//   node main.mjs upgrade            replaces the daemon by the one that this version of the application brings
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, netConnector } from '@holdfast/client';
import { installationIn, resolveHome, Supervisor } from '@holdfast/supervisor';

const folder = path.dirname(fileURLToPath(import.meta.url));
const home = resolveHome(process.env, 'default');
const supervisor = new Supervisor({
  home,
  name: 'example',
  installation: installationIn(path.join(folder, 'holdfast')),
});
const connect = () => Client.connect({ connector: netConnector(home.socketPath), name: 'example' });

const [verb, ...operands] = process.argv.slice(2);
const commands = { open, type, upgrade };
console.log(JSON.stringify(await commands[verb](...operands)));

async function open() {
  const daemon = await supervisor.ensure();
  const client = await connect();
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, TERM: 'xterm-256color', PS1: '$ ' };
  const { session } = await client.request('open', {
    command: ['/bin/sh'],
    cwd: '/',
    env,
    cols: 80,
    rows: 24,
    umask: process.umask(),
  });
  client.close();
  return { daemon, session };
}

async function type(session, text) {
  const client = await connect();
  const output = [];
  const isDone = new Promise((resolve, reject) => {
    client
      .subscribe(session, {
        from: 'now',
        mode: 'viewer',
        readOnly: true,
        onData: (bytes) => {
          output.push(Buffer.from(bytes));
          // What the shell prints, and not the echo of what is typed.
          if (Buffer.concat(output).includes('the end\r\n')) resolve();
        },
        onExited: resolve,
        onLost: reject,
      })
      .then(() => client.openInput(session))
      .then((input) => input.write(Buffer.from(`${text}; echo the ''end\n`)))
      .catch(reject);
  });
  await isDone;
  client.close();
  return { output: Buffer.concat(output).toString() };
}

async function upgrade() {
  return supervisor.upgrade();
}
