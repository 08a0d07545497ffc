import type { Socket } from 'node:net';

const CHUNK_BYTES = 0x700;
const RIP = 16;
/** Without a word from the stub. */
const TIME_LIMIT_MS = 4_000;

/** What is needed of the remote protocol of gdb. */
export class GdbClient {
  #text = '';
  #waiting:
    { readonly resolve: (packet: string) => void; readonly reject: (error: Error) => void } | undefined;
  readonly #packets: string[] = [];

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#take(data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#waiting?.reject(new Error('gdb stub: closed')));
    socket.setTimeout(TIME_LIMIT_MS, () => socket.destroy());
  }

  /** Registers can be written only by those who have asked which there are. */
  async start(): Promise<void> {
    await this.ask('qXfer:features:read:target.xml:0,100');
  }

  async ask(request: string): Promise<string> {
    const sum = [...request].reduce((total, letter) => total + letter.charCodeAt(0), 0) & 0xff;
    this.socket.write(`$${request}#${sum.toString(16).padStart(2, '0')}`);
    if (this.socket.destroyed) throw new Error('gdb stub: closed');
    const ready = this.#packets.shift();
    return ready ?? (await new Promise((resolve, reject) => (this.#waiting = { resolve, reject })));
  }

  async write(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const part = bytes.subarray(at, at + CHUNK_BYTES);
      const head = `${(address + at).toString(16)},${part.length.toString(16)}`;
      const answer = await this.ask(`M${head}:${Buffer.from(part).toString('hex')}`);
      if (answer !== 'OK') throw new Error(`gdb stub: cannot write ${head}: ${answer}`);
    }
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, length - at);
      const answer = await this.ask(`m${(address + at).toString(16)},${bytes.toString(16)}`);
      parts.push(Buffer.from(answer, 'hex'));
    }
    return Buffer.concat(parts);
  }

  /** Goes on at `rip`, or where it is, up to a breakpoint at `stop`. */
  async runTo(stop: number, rip?: number): Promise<void> {
    const breakpoint = `0,${stop.toString(16)},1`;
    if (rip !== undefined) await this.ask(`P${RIP.toString(16)}=${littleEndian(rip)}`);
    await this.ask(`Z${breakpoint}`);
    const answer = await this.ask('c');
    if (!/^[ST]05/.test(answer)) throw new Error(`gdb stub: stopped by ${answer}`);
    await this.ask(`z${breakpoint}`);
  }

  #take(text: string): void {
    this.#text += text;
    for (;;) {
      const packet = /^\+*\$([^#]*)#../.exec(this.#text);
      if (!packet) return;
      this.#text = this.#text.slice(packet[0].length);
      this.socket.write('+');
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting.resolve(packet[1]!);
      else this.#packets.push(packet[1]!);
    }
  }
}

const littleEndian = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer).toString('hex');
