import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SERVER = `import { createServer } from 'node:http';
import { orders } from './orders.js';

const port = Number(process.env.PORT ?? 8080);

/** What the till asks for: the newest orders, oldest last. */
async function newest(limit = 20) {
  const found = await orders.find({ open: true });
  return found.sort((a, b) => b.at - a.at).slice(0, limit);
}

const server = createServer(async (request, response) => {
  if (request.url !== '/orders') {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await newest()));
});

server.listen(port, () => {
  console.log(\`listening on \${port}\`);
});
`;

/** Colours as a server's log has them; it goes on for ever. */
const LOG = String.raw`
i=0
printf '\033[1m> shop@1.4.0 dev\033[0m\n\n\033[32mready\033[0m in 212 ms on \033[36mhttp://localhost:8080\033[0m\n\n'
while :; do
  i=$((i + 1))
  case $((i % 5)) in
    0) printf '\033[33mGET\033[0m  /favicon.ico \033[31m404\033[0m %s ms\n' "$((i % 3 + 1))" ;;
    3) printf '\033[35mPOST\033[0m /orders      \033[32m201\033[0m %s ms\n' "$((i % 7 + 6))" ;;
    *) printf '\033[36mGET\033[0m  /orders      \033[32m200\033[0m %s ms\n' "$((i % 4 + 2))" ;;
  esac
  if [ "$i" -lt 12 ]; then continue; fi
  sleep 3600
done
`;

/** The folder in which the programs of the pictures run. */
export class Shop implements Disposable {
  readonly folder = '/tmp/shop';

  constructor() {
    mkdirSync(path.join(this.folder, 'test'), { recursive: true });
    for (const [name, text] of Object.entries({
      'server.js': SERVER,
      'orders.js': '',
      'dev.sh': LOG,
      'package.json': '{}',
    }))
      writeFileSync(path.join(this.folder, name), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
