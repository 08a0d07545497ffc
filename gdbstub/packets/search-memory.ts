import { setImmediate } from 'node:timers/promises';
import { unescapeBinary } from '../framing/escape.js';
import { parseAddress } from '../hex.js';
import type { Session } from '../session/session.js';
import type { Packet } from './packet.js';
import { EINVAL, ETIMEDOUT, Refused } from './refused.js';

const CHUNK_BYTES = 0x10000;
const PAGE_BYTES = 0x1000n;
/** gdb gives up after 2 seconds without an answer. */
const LIMIT_MS = 1_500;

interface Search {
  readonly start: bigint;
  readonly end: bigint;
  readonly pattern: Uint8Array;
}

function parseSearch(text: string): Search {
  const parts = /^:memory:([^;]*);([^;]*);([^]+)$/.exec(text);
  if (!parts) throw new Refused(EINVAL, 'malformed search');
  const start = parseAddress(parts[1]);
  return { start, end: start + parseAddress(parts[2]), pattern: unescapeBinary(parts[3] ?? '') };
}

/** The chunk at `at`, longer by what a hit at its end needs, and where the next begins. Unmapped pages are passed over. */
function readChunk(
  session: Session,
  at: bigint,
  { end, pattern }: Search,
): { bytes: Uint8Array; next: bigint } {
  const lengthBytes = Number(minimum(end - at, BigInt(CHUNK_BYTES + pattern.length - 1)));
  const bytes = session.target.memory.read(session.threads.general, at, lengthBytes);
  if (bytes.length === lengthBytes) return { bytes, next: at + BigInt(CHUNK_BYTES) };
  const edge = at + BigInt(bytes.length);
  return { bytes, next: edge - (edge % PAGE_BYTES) + PAGE_BYTES };
}

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);

async function search(session: Session, wanted: Search): Promise<bigint | undefined> {
  const started = performance.now();
  for (let at = wanted.start; at < wanted.end;) {
    const { bytes, next } = readChunk(session, at, wanted);
    const hit = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(wanted.pattern);
    if (hit >= 0) return at + BigInt(hit);
    if (performance.now() - started > LIMIT_MS)
      throw new Refused(ETIMEDOUT, `searched up to 0x${at.toString(16)}`);
    at = next;
    await setImmediate();
  }
  return undefined;
}

/** `qSearch:memory:ADDR;LENGTH;PATTERN`: `find` in gdb. */
export const searchMemory: Packet = {
  name: 'qSearch',
  async answer(session, rest) {
    const found = await search(session, parseSearch(rest));
    return found === undefined ? '0' : `1,${found.toString(16)}`;
  },
};
