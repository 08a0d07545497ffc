const double = (byte: number) => ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;

/** Powers of x + 1, which generates all of GF(2^8) but zero. */
const powers: number[] = [];
for (let i = 0, power = 1; i < 255; i++, power ^= double(power)) powers.push(power);

const inverse = (byte: number) => (byte === 0 ? 0 : powers[(255 - powers.indexOf(byte)) % 255]!);
const rotate = (byte: number, by: number) => ((byte << by) | (byte >> (8 - by))) & 0xff;

/** FIPS 197, 5.1.1: the inverse in GF(2^8), then an affine map. */
const substitute = (byte: number) =>
  [0, 1, 2, 3, 4].reduce((sum, by) => sum ^ rotate(inverse(byte), by), 0x63);

export const S_BOX: readonly number[] = Array.from({ length: 256 }, (_, byte) => substitute(byte));
export const INVERSE_S_BOX: readonly number[] = S_BOX.map((_, byte) => S_BOX.indexOf(byte));
