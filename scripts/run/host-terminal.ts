import type { ReadStream, WriteStream } from 'node:tty';
import { Terminal } from '../../plugins/kernel/linux-abi/tty/terminal.js';
import type { TerminalWires } from '../../plugins/kernel/linux-abi/tty/terminal.js';

const HIGH_WATER_BYTES = 1 << 18;

export interface HostTerminal {
  readonly terminal: Terminal;
  /** Puts the host's terminal back as it was. Safe to call twice, and from an exit handler. */
  restore(): void;
}

/** This process's terminal, put in raw mode, behind a line discipline of our own: keys, signals and echo are the guest's. */
export function openHostTerminal(
  input: ReadStream,
  output: WriteStream,
  wires: Omit<TerminalWires, 'screen'>,
): HostTerminal {
  const terminal = new Terminal({ ...wires, screen: { write: (bytes) => writeScreen(output, bytes) } });
  const type = (bytes: Buffer) => terminal.type(bytes);
  const resize = () => terminal.resize(sizeOf(output));
  const drained = () => terminal.drained();
  const hangUp = () => terminal.hangUp();
  terminal.resize(sizeOf(output));
  input.setRawMode(true);
  input.on('data', type);
  input.on('end', hangUp);
  output.on('resize', resize);
  output.on('drain', drained);
  let restored = false;
  const restore = () => {
    if (restored) return;
    restored = true;
    input.off('data', type);
    output.off('resize', resize);
    output.off('drain', drained);
    if (!input.destroyed) input.setRawMode(false);
    input.pause();
    input.unref();
    process.off('exit', restore);
  };
  process.on('exit', restore);
  return { terminal, restore };
}

function writeScreen(output: WriteStream, bytes: Uint8Array): number {
  if (output.writableLength >= HIGH_WATER_BYTES) return 0;
  output.write(Buffer.from(bytes));
  return bytes.length;
}

function sizeOf({ rows, columns }: WriteStream) {
  return { rows: rows ?? 24, columns: columns ?? 80, widthPixels: 0, heightPixels: 0 };
}
