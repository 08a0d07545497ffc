import * as flags from './flags.js';
import { choiceText } from './flags.js';
import { bytesAt, entering, int32, leaving, pointerText } from './kind.js';
import type { Kind, TracedCall } from './kind.js';
import { quoted } from './text.js';

const AF_UNIX = 1;
const AF_INET = 2;
const MAX_ADDRESS_BYTES = 128;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function unixText(bytes: Uint8Array): string {
  const path = bytes.subarray(2);
  if (path[0] === 0) return `sun_path=@${quoted(path.subarray(1))}`;
  const end = path.indexOf(0);
  return `sun_path=${quoted(end < 0 ? path : path.subarray(0, end), false, MAX_ADDRESS_BYTES)}`;
}

const inetText = (bytes: Uint8Array): string =>
  `sin_port=htons(${viewOf(bytes).getUint16(2)}), sin_addr=inet_addr("${bytes.subarray(4, 8).join('.')}")`;

const familyTexts: Readonly<Record<number, readonly [minimum: number, text: (bytes: Uint8Array) => string]>> =
  {
    [AF_UNIX]: [3, unixText],
    [AF_INET]: [8, inetText],
  };

function addressText(value: bigint, length: number, call: TracedCall): string {
  const bytes = length >= 2 ? bytesAt(value, Math.min(length, MAX_ADDRESS_BYTES), call) : undefined;
  if (!bytes) return pointerText(value);
  const family = viewOf(bytes).getUint16(0, true);
  const name = `sa_family=${choiceText(family, flags.socketFamilies, 'AF')}`;
  const [minimum = Infinity, text] = familyTexts[family] ?? [];
  return `{${name}, ${text && bytes.length >= minimum ? text(bytes) : quoted(bytes.subarray(2))}}`;
}

/** A struct sockaddr whose length is another argument. */
export const inAddress = (lengthAt: number): Kind =>
  entering((value, call) => addressText(value, int32(call.args[lengthAt] ?? 0n), call));

function lengthAt(value: bigint, call: TracedCall): number | undefined {
  const bytes = bytesAt(value, 4, call);
  return bytes && viewOf(bytes).getInt32(0, true);
}

/** One whose length the kernel stored through another argument. */
export const outAddress = (lengthArgument: number): Kind =>
  leaving((value, call) => addressText(value, lengthAt(call.args[lengthArgument] ?? 0n, call) ?? 0, call));

export const outLength = leaving((value, call) => {
  const length = lengthAt(value, call);
  return length === undefined ? pointerText(value) : `[${length}]`;
});
