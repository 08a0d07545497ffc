import { fstatSync, openSync } from 'node:fs';
import { isatty, ReadStream } from 'node:tty';
import type { WriteStream } from 'node:tty';
import { HostInput } from './host-input.js';
import { HostOutput } from './host-output.js';
import { HostTerminal } from './host-terminal.js';
import { InheritedFile } from './inherited-file.js';

/** What one of the guest's descriptors 0, 1 and 2 is on the host. */
export type StandardStream = { readonly kind: 'terminal' } | HostInput | HostOutput | InheritedFile;

export interface StandardStreams {
  readonly streams: readonly [StandardStream, StandardStream, StandardStream];
  /** Present when one of them is a terminal; they share it. */
  readonly terminal: HostTerminal | undefined;
  close(): void;
}

const TERMINAL = { kind: 'terminal' } as const;

/** Takes over this process's own standard streams. `changed`: who waits for one of them may try again. */
export function openStandardStreams(changed: () => void): StandardStreams {
  const streams = [openInput(changed), openOutput(1, changed), openOutput(2, changed)] as const;
  const terminal = openTerminal(streams.map(({ kind }) => kind === 'terminal'));
  return {
    streams,
    terminal,
    close: () => {
      terminal?.detach();
      for (const stream of streams) if ('close' in stream) stream.close();
    },
  };
}

function openInput(changed: () => void): StandardStream {
  if (isatty(0)) return TERMINAL;
  return isRegular(0) ? new InheritedFile(0) : new HostInput(() => process.stdin, changed);
}

function openOutput(fd: number, changed: () => void): StandardStream {
  if (isatty(fd)) return TERMINAL;
  return isRegular(fd) ? new InheritedFile(fd) : new HostOutput(fd, changed);
}

const isRegular = (fd: number): boolean => fstatSync(fd).isFile();

function openTerminal(isTerminal: readonly boolean[]): HostTerminal | undefined {
  const screenFd = [1, 2, 0].find((fd) => isTerminal[fd]);
  if (screenFd === undefined) return undefined;
  const sized = isTerminal[1] ? process.stdout : isTerminal[2] ? process.stderr : undefined;
  return new HostTerminal({
    keyboard: () =>
      isTerminal[0] ? { stream: process.stdin as ReadStream, fd: 0 } : openControllingTerminal(),
    screenFd,
    size: () => sizeOf(sized),
    onResize: (resized) => watchSize(sized, resized),
  });
}

/** For `producer | guest` whose guest asks the user through /dev/tty. */
function openControllingTerminal(): { stream: ReadStream; fd: number } | undefined {
  try {
    const fd = openSync('/dev/tty', 'r');
    return { stream: new ReadStream(fd), fd };
  } catch {
    return undefined;
  }
}

function sizeOf(stream: WriteStream | undefined) {
  return { rows: stream?.rows ?? 24, columns: stream?.columns ?? 80, widthPixels: 0, heightPixels: 0 };
}

function watchSize(stream: WriteStream | undefined, resized: () => void): () => void {
  stream?.on('resize', resized);
  return () => stream?.off('resize', resized);
}
