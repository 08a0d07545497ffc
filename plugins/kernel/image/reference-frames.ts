/**
 * An independent check of call frame information: objdump says what the instructions are, readelf what `.debug_frame` means,
 * and a walk along the flow of control says where the stack pointer must be.
 */

export interface Decoded {
  readonly address: bigint;
  readonly mnemonic: string;
  readonly operands: string;
}

export interface FrameTables {
  /** The CFA at an instruction, as readelf prints it, such as `rsp+16`. */
  rowAt(address: bigint): string | undefined;
  startsAt(address: bigint): boolean;
}

export function disassemble(text: string): Decoded[] {
  const matches = text.matchAll(/^([0-9a-f]{16}):\t(\S+)(?: +(.*))?$/gm);
  return [...matches].map(([, address, mnemonic = '', operands = '']) => ({
    address: BigInt(`0x${address}`),
    mnemonic,
    operands: operands.replace(/ *(<.*>|#.*)$/, ''),
  }));
}

export function frameTables(text: string): FrameTables {
  const blocks = [
    ...text.matchAll(/FDE cie=\S+ pc=([0-9a-f]+)\.\.([0-9a-f]+)\n.*\n((?:[0-9a-f]{16} .*\n?)+)/g),
  ];
  const functions = blocks.map(([, start, end, rows = '']) => ({
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
    rows: [...rows.matchAll(/^([0-9a-f]{16}) (\S+)/gm)].map(([, address, cfa = '']) => ({
      address: BigInt(`0x${address}`),
      cfa,
    })),
  }));
  const find = (address: bigint) => functions.find(({ start, end }) => start <= address && address < end);
  return {
    rowAt: (address) => find(address)?.rows.findLast((row) => row.address <= address)?.cfa,
    startsAt: (address) => functions.some(({ start }) => start === address),
  };
}

const ENDS = /^(jmp|ret|retfq?|iretq?|sysretq?|ud2)$/;

/** How far the instruction moves the CFA's distance from rsp; undefined where rsp is loaded with something else. */
function stackChange({ mnemonic, operands }: Decoded): number | undefined {
  if (/^push/.test(mnemonic)) return 8;
  if (/^pop/.test(mnemonic)) return -8;
  const [, amount] = /^rsp,(0x[0-9a-f]+)$/.exec(operands) ?? [];
  if (mnemonic === 'add' && amount) return -Number(amount);
  if (mnemonic === 'sub' && amount) return Number(amount);
  return /^rsp,/.test(operands) && mnemonic !== 'cmp' && mnemonic !== 'test' ? undefined : 0;
}

const distance = (cfa: string | undefined) => (cfa?.startsWith('rsp+') ? Number(cfa.slice(4)) : undefined);

/** Follows fall-through and branches: the frame after an instruction must be the frame before it plus what it did to rsp. */
export function walkStackDepths(
  code: readonly Decoded[],
  tables: FrameTables,
): { checked: number; disagreements: string[] } {
  const disagreements: string[] = [];
  let checked = 0;
  code.forEach((instruction, index) => {
    const before = distance(tables.rowAt(instruction.address));
    const change = stackChange(instruction);
    if (before === undefined || change === undefined) return;
    for (const next of successors(instruction, code[index + 1])) {
      const after = distance(tables.rowAt(next));
      if (after === undefined) continue;
      checked++;
      if (after !== before + change) {
        disagreements.push(
          `${instruction.address.toString(16)} ${instruction.mnemonic}: ${before}+${change} but ${after} at ${next.toString(16)}`,
        );
      }
    }
  });
  return { checked, disagreements };
}

function successors({ mnemonic, operands }: Decoded, following: Decoded | undefined): bigint[] {
  const target = /^j/.test(mnemonic) && /^[0-9a-f]+$/.test(operands) ? [BigInt(`0x${operands}`)] : [];
  return ENDS.test(mnemonic) || !following ? target : [...target, following.address];
}
