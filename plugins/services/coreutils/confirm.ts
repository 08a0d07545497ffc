import { decodeUtf8 } from '../runtime/utf8.js';
import type { Call } from './applet.js';

/** Asks on standard error and takes an answer that starts with y for yes. */
export function confirm(call: Call, question: string): boolean {
  call.os.out.flush();
  call.os.files.write(
    2,
    Uint8Array.from(`${call.name}: ${question} `, (char) => char.charCodeAt(0)),
  );
  return /^y/i.test(decodeUtf8(call.os.files.read(call.stdin, 256)));
}
