import { HostError } from '../core/errors/host-error.js';
import { frame } from './framing/frame.js';
import { Link } from './framing/link.js';
import { Session } from './session/session.js';
import type { SessionOptions } from './session/session.js';
import type { Target } from './target.js';
import { listen } from './transport/tcp.js';
import type { Connection, ConnectionEvents } from './transport/tcp.js';

/** How long one that is refused may take to ask why. */
const REFUSAL_LIMIT_MS = 2_000;

export type * from './target.js';

export interface GdbStubOptions extends SessionOptions {
  readonly target: Target;
  /** On 127.0.0.1; 0 takes any that is free. */
  readonly port: number;
}

export interface GdbStub {
  readonly port: number;
  readonly attached: boolean;
  /** Drops a debugger as if it had detached, and frees the port. */
  close(): Promise<void>;
}

/** Serves one debugger after the other. @throws HostError GDB_PORT_TAKEN */
export async function startGdbStub(options: GdbStubOptions): Promise<GdbStub> {
  let session: Session | undefined;

  const begin = (connection: Connection): ConnectionEvents => {
    const { link, session: own } = connect(options, connection);
    session = own;
    const ended = () => {
      own.detach();
      session = undefined;
    };
    return { receive: (chunk) => link.receive(chunk), drained: () => own.drained(), ended };
  };
  const accept = (connection: Connection): ConnectionEvents =>
    session ? new Waiting(connection, () => !session && begin(connection)) : begin(connection);

  const listener = await listen(options.port, accept).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new HostError('GDB_PORT_TAKEN', options.port) : error;
  });
  return {
    port: listener.port,
    get attached() {
      return session !== undefined;
    },
    close: () => listener.close(),
  };
}

/** A second connection, until it speaks: by then the first may have gone, whose end was only still on its way. */
class Waiting implements ConnectionEvents {
  #begun: ConnectionEvents | undefined;
  readonly #late = setTimeout(() => this.connection.close(), REFUSAL_LIMIT_MS);

  constructor(
    readonly connection: Connection,
    readonly begin: () => ConnectionEvents | false,
  ) {}

  receive(chunk: Uint8Array): void {
    clearTimeout(this.#late);
    this.#begun ??= this.begin() || undefined;
    if (this.#begun) this.#begun.receive(chunk);
    else this.#refuse();
  }

  drained(): void {
    this.#begun?.drained();
  }

  ended(): void {
    clearTimeout(this.#late);
    this.#begun?.ended();
  }

  /** gdb shows the words of an answer that begins with `E.` */
  #refuse(): void {
    this.connection.send(
      Buffer.from(`+${frame('E.another debugger is attached to this machine')}`, 'latin1'),
    );
    this.connection.close();
  }
}

function connect(options: GdbStubOptions, connection: Connection): { link: Link; session: Session } {
  const link: Link = new Link({
    send: (bytes) => connection.send(bytes),
    packet: (body) => session.receive(body),
    interrupt: () => session.interrupt(),
    lost: () => session.lost(),
  });
  const output = {
    send: (body: string) => link.send(body),
    get congested() {
      return connection.congested;
    },
    stopAcknowledging: () => link.stopAcknowledging(),
    close: () => connection.close(),
  };
  const session = new Session(options.target, output, options);
  return { link, session };
}
