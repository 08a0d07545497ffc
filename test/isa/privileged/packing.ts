import { PAGE_BYTES } from '../test-case.js';
import type { SystemCase } from './instances.js';
import type { FieldName } from './layout.js';
import {
  Arena,
  ARENA,
  CASE_BYTES,
  Field,
  MOST_CHANGES,
  OUT,
  OUT_CHANGES,
  OUT_TABLES,
  PATCH_BYTES,
  PATCHES,
  PATCHES_AT,
} from './layout.js';

const NAMES = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const INT3 = 0xcc;

/** A case as the monitor reads it. */
export function pack({ code, codeOffset, fields, gpr, patches }: SystemCase): Uint8Array {
  const bytes = new Uint8Array(CASE_BYTES);
  const view = new DataView(bytes.buffer);
  gpr.forEach((value, i) => view.setBigUint64(i * 8, value, true));
  for (const [name, value] of Object.entries(fields))
    view.setBigUint64(Field[name as FieldName], BigInt.asUintN(64, value), true);
  const around = new Uint8Array(PATCH_BYTES).fill(INT3);
  around.set(code);
  const all = [{ at: Arena.code + codeOffset, bytes: around }, ...patches];
  for (let i = 0; i < PATCHES; i++) {
    // What is not needed changes what nothing reads.
    const patch = all[i] ?? { at: Arena.idt + PAGE_BYTES - PATCH_BYTES, bytes: undefined };
    const at = PATCHES_AT + i * (PATCH_BYTES + 8);
    view.setBigUint64(at, BigInt(patch.at), true);
    if (patch.bytes) bytes.set(patch.bytes.subarray(0, PATCH_BYTES), at + 8);
  }
  return bytes;
}

/** Names and values of what a case left behind, memory by offset in the arena. */
export type SystemOutcome = ReadonlyMap<string, string>;

export function unpack(bytes: Uint8Array): SystemOutcome {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => view.getBigUint64(at, true).toString(16);
  const items = new Map<string, string>();
  items.set('vector', word(OUT)).set('code', word(OUT + 8));
  NAMES.forEach((name, i) => items.set(name, word(OUT + 0x10 + i * 8)));
  for (const [name, at] of Object.entries(Field)) if (name !== 'gpr') items.set(name, word(OUT + 0x10 + at));
  for (const [i, name] of ['gdtr', 'idtr'].entries())
    items.set(
      name,
      `${view.getUint16(OUT_TABLES + i * 16, true).toString(16)}:${word(OUT_TABLES + i * 16 + 2)}`,
    );
  for (let i = 0; i < MOST_CHANGES; i++) {
    const behind = Number(view.getBigUint64(OUT_CHANGES + i * 16, true));
    if (behind !== 0) items.set(`[${(behind - 8 - ARENA).toString(16)}]`, word(OUT_CHANGES + i * 16 + 8));
  }
  return items;
}

/** A case in a line: what is not zero. */
export function caseText({ code, fields, gpr, patches }: SystemCase): string {
  const bytes = Buffer.from(code).toString('hex').replace(/../g, '$& ').trim();
  const names: [string, bigint][] = [
    ...NAMES.map((name, i): [string, bigint] => [name, gpr[i]!]),
    ...(Object.entries(fields) as [string, bigint][]),
  ];
  const registers = names
    .filter(([name, value]) => value !== 0n && name !== 'rip')
    .map(([name, value]) => `${name}=${value.toString(16)}`);
  const memory = patches.map(
    ({ at, bytes: data }) =>
      `[${at.toString(16)}]=${Buffer.from(data)
        .toString('hex')
        .replace(/(00)+$/, '')}`,
  );
  return `${bytes} | ${[...registers, ...memory].join(' ')}`;
}
