import { CHUNK_BYTES } from '../runtime/calls.js';
import { LineReader } from '../runtime/streams.js';
import { forEachInput } from './inputs.js';
import type { Applet, Call } from './applet.js';
import type { Options } from './options.js';

export const cat: Applet = {
  usage: '[-nbEsTvA] [FILE]...',
  about:
    'Prints files one behind the other. -n: number lines; -b: those with text; -s: one blank line for many.',
  options: {
    flags: 'nbEsTvAu',
    long: { number: 'n', 'number-nonblank': 'b', 'show-ends': 'E', 'squeeze-blank': 's', 'show-all': 'A' },
  },
  run(call, options) {
    const plain = !['n', 'b', 'E', 's', 'T', 'v', 'A'].some((letter) => options.has(letter));
    if (!plain) return decorated(call, options);
    return forEachInput(call, options.operands, (fd) => {
      const { files } = call.os;
      for (let part = files.read(fd, CHUNK_BYTES); part.length > 0; part = files.read(fd, CHUNK_BYTES)) {
        call.out.write(part);
        flush(call);
      }
    });
  },
};

/** What comes from a terminal or a pipe is shown at once. */
function flush({ out }: Call): void {
  (out as { flush?: () => void }).flush?.();
}

function decorated(call: Call, options: Options): number {
  const ends = options.has('E') || options.has('A');
  const tabs = options.has('T') || options.has('A');
  let number = 0;
  let blank = false;
  return forEachInput(call, options.operands, (fd) => {
    const reader = new LineReader(call.os.files, fd);
    for (let line = reader.nextText(); line !== undefined; line = reader.nextText()) {
      const repeated = options.has('s') && blank && line === '';
      blank = line === '';
      if (repeated) continue;
      const numbered = options.has('b') ? line !== '' : options.has('n');
      const head = numbered ? `${String(++number).padStart(6)}\t` : '';
      const text = tabs ? line.replaceAll('\t', '^I') : line;
      call.out.write(`${head}${text}${ends && reader.terminated ? '$' : ''}${reader.terminated ? '\n' : ''}`);
    }
  });
}
