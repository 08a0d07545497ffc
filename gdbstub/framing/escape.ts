const ESCAPE = '}';
const ESCAPE_BIT = 0x20;

/** Bytes as packet text. `*` counts too: in an answer it would start a run. */
export const escapeBinary = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[#$}*]/g, (char) => ESCAPE + String.fromCharCode(char.charCodeAt(0) ^ ESCAPE_BIT));

/** A lone escape at the end stands for nothing. */
export function unescapeBinary(text: string): Uint8Array {
  const plain = text.replace(/\}([^]?)/g, (_whole, char: string) =>
    char ? String.fromCharCode(char.charCodeAt(0) ^ ESCAPE_BIT) : '',
  );
  return Buffer.from(plain, 'latin1');
}
