import { parseAddress, parseNumber } from '../hex.js';
import { PACKET_BYTES } from '../framing/link.js';
import type { Session } from '../session/session.js';
import { EFAULT, EINVAL, Refused } from './refused.js';

/** Hex doubles a byte, escapes may; the rest is for the frame. */
const MOST_BYTES = PACKET_BYTES / 2 - 16;

/** `ADDR,LENGTH` */
function parseSpan(text: string): { address: bigint; lengthBytes: number } {
  const [address, length] = text.split(',');
  return { address: parseAddress(address), lengthBytes: parseNumber(length) };
}

/** At least one byte; fewer than asked for at the edge of what is mapped. @throws Refused */
export function readSpan(session: Session, text: string): Uint8Array {
  const { address, lengthBytes } = parseSpan(text);
  if (lengthBytes === 0) return new Uint8Array();
  const bytes = session.target.memory.read(
    session.threads.general,
    address,
    Math.min(lengthBytes, MOST_BYTES),
  );
  if (bytes.length === 0) throw new Refused(EFAULT, `0x${address.toString(16)} is not mapped`);
  return bytes;
}

/** @throws Refused */
export function writeSpan(session: Session, text: string, bytes: Uint8Array): void {
  const { address, lengthBytes } = parseSpan(text);
  if (bytes.length !== lengthBytes)
    throw new Refused(EINVAL, `${bytes.length} bytes given for ${lengthBytes}`);
  if (lengthBytes === 0) return;
  const written = session.target.memory.write(session.threads.general, address, bytes);
  if (!written) throw new Refused(EFAULT, `0x${address.toString(16)} is not mapped`);
}

/** `ADDR,LENGTH:DATA`, where the data may hold any character. */
export function splitData(text: string): [span: string, data: string] {
  const colon = text.indexOf(':');
  if (colon < 0) throw new Refused(EINVAL, 'no data');
  return [text.slice(0, colon), text.slice(colon + 1)];
}
