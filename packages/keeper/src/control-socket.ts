import {
  close,
  isErrno,
  READABLE,
  type Reactor,
  read,
  UnixListener,
  type Watch,
  WOULD_BLOCK,
  write,
} from '@holdfast/posix';
import { KEEPER_LIMITS } from '@holdfast/protocol/keeper';

const BACKLOG = 64;

interface Client {
  readonly watch: Watch;
  bytes: Buffer;
}

/** The keeper's own socket: one line in, one line out. */
export class ControlSocket {
  #socket: UnixListener;
  readonly #reactor: Reactor;
  readonly #clients = new Map<number, Client>();
  readonly #request: (line: string, client: number) => void;

  /**
   * Takes over a listening socket, and a client that waits for its answer. `request` is given a line and whom to `answer`, now or
   * later.
   */
  constructor(
    fd: number,
    reactor: Reactor,
    request: (line: string, client: number) => void,
    waiting: number | undefined,
  ) {
    this.#reactor = reactor;
    this.#request = request;
    this.#socket = this.#listener(fd);
    if (waiting !== undefined) this.#clients.set(waiting, this.#client(waiting, 0));
  }

  /** A socket at that path, in place of what stands there. Only the holder of the home's lock may make one. */
  static listen(path: string): number {
    return UnixListener.bind(path, BACKLOG);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  /** Makes another socket in place of one that somebody has removed. Who is connected stays so. Throws as `listen` does. */
  listenAnew(path: string): void {
    const fresh = this.#listener(ControlSocket.listen(path));
    this.#socket.close();
    this.#socket = fresh;
  }

  /** Whether it still waits for an answer. */
  has(client: number): boolean {
    return this.#clients.has(client);
  }

  /** Answers and hangs up. An answer fits into the socket's buffer; who has gone gets none. */
  answer(client: number, answer: { ok: object } | { error: string }): void {
    // Its number may be that of another descriptor by now.
    if (!this.has(client)) return;
    const text = Buffer.from(`${JSON.stringify(answer)}\n`);
    try {
      write(client, text);
    } catch (error) {
      if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
    }
    this.#clients.get(client)?.watch.close();
    this.#clients.delete(client);
    close(client);
  }

  #listener(fd: number): UnixListener {
    return new UnixListener(fd, this.#reactor, { accepted: (client) => this.#admit(client) });
  }

  #admit(fd: number): void {
    const [oldest] = this.#clients.keys();
    if (oldest !== undefined && this.#clients.size >= KEEPER_LIMITS.clients)
      this.answer(oldest, { error: `there are more than ${KEEPER_LIMITS.clients} clients` });
    this.#clients.set(fd, this.#client(fd, READABLE));
  }

  #client(fd: number, interest: number): Client {
    return { watch: this.#reactor.watch(fd, interest, () => this.#read(fd)), bytes: Buffer.alloc(0) };
  }

  #read(fd: number): void {
    const client = this.#clients.get(fd);
    if (!client) return;
    const chunk = Buffer.from(new ArrayBuffer(4096));
    let count = 0;
    try {
      count = read(fd, chunk, 0, chunk.length);
    } catch (error) {
      if (!isErrno(error, 'ECONNRESET')) throw error;
    }
    if (count === WOULD_BLOCK) return;
    client.bytes = Buffer.concat([client.bytes, chunk.subarray(0, count)]);
    const end = client.bytes.indexOf('\n');
    const isTooLong = client.bytes.length > KEEPER_LIMITS.messageBytes;
    if (end < 0 && count > 0 && !isTooLong) return;
    // One request a connection; without interest, its end is told by the answer's failure.
    client.watch.interest = 0;
    if (end < 0) this.answer(fd, { error: 'a request is one line' });
    else this.#request(client.bytes.toString('utf8', 0, end), fd);
  }
}
