import { EINVAL, Refused } from './packets/refused.js';

export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

export const textToHex = (text: string): string => Buffer.from(text, 'utf8').toString('hex');

/** @throws Refused when a digit is missing or is none. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new Refused(EINVAL, 'malformed hex bytes');
  return Buffer.from(text, 'hex');
}

export const textFromHex = (text: string): string => Buffer.from(fromHex(text)).toString('utf8');

/** An address of at most 64 bits. @throws Refused */
export function parseAddress(text: string | undefined): bigint {
  if (!text || !/^[0-9a-fA-F]{1,16}$/.test(text)) throw new Refused(EINVAL, 'malformed address');
  return BigInt(`0x${text}`);
}

/** A count, number or offset of at most 53 bits. @throws Refused */
export function parseNumber(text: string | undefined): number {
  if (!text || !/^0*[0-9a-fA-F]{1,13}$/.test(text)) throw new Refused(EINVAL, 'malformed number');
  return parseInt(text, 16);
}

export function littleEndianHex(value: bigint, sizeBytes: number): string {
  const digits = value.toString(16).padStart(sizeBytes * 2, '0');
  return Buffer.from(digits, 'hex').reverse().toString('hex');
}

/** @throws Refused */
export function fromLittleEndianHex(text: string): bigint {
  const digits = toHex(fromHex(text).slice().reverse());
  return digits ? BigInt(`0x${digits}`) : 0n;
}
