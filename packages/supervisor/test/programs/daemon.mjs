// Plays the daemon's part towards whoever starts it. DAEMON-LIKE ARGUMENTS, as the real one gets them; what it does is
// said by HOLDFAST_TEST_PLAY: serve, crash, refuse, or chatter.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const runtimeDir = argument('--runtime-dir');
const say = (message) => {
  fs.writeSync(Number(argument('--ready-fd')), message);
  fs.closeSync(Number(argument('--ready-fd')));
};

switch (process.env.HOLDFAST_TEST_PLAY) {
  case 'crash':
    throw new Error('cannot go on');
  case 'refuse':
    say('{"ready":false,"code":"E_DISK","message":"the disk is full"}\n');
    process.exit(1);
    break;
  case 'chatter':
    say('hello\n');
    process.exit(0);
    break;
  default:
    serve();
}

/** Instead of flock: whoever creates the file first. It serves until a client says something, then leaves without a trace. */
function serve() {
  try {
    fs.closeSync(fs.openSync(path.join(runtimeDir, 'owner'), 'wx'));
  } catch {
    say('{"ready":false,"code":"E_BUSY","message":"another daemon serves this home"}\n');
    process.exit(0);
  }
  const facts = { ppid: process.ppid, cwd: process.cwd(), env: process.env, argv: process.argv.slice(2) };
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () =>
      socket.end(JSON.stringify({ pid: process.pid, ...facts }), () => process.exit(0)),
    );
  });
  server.listen(path.join(runtimeDir, 'daemon.sock'), () => say(`{"ready":true,"pid":${process.pid}}\n`));
}
