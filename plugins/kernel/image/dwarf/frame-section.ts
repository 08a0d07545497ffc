import { ByteWriter } from '../elf/byte-writer.js';
import { DwarfRegister, sameState } from '../assembler/frame-state.js';
import type { Cfa, DwarfName, FrameState, Rule } from '../assembler/frame-state.js';

/** Call frame instructions and operations: DWARF 4, 7.23 and 7.7.1. */
const Cfi = {
  advanceLoc: 0x40, offset: 0x80, advanceLoc1: 0x02, advanceLoc2: 0x03, undefined: 0x07, same: 0x08, register: 0x09,
  defCfa: 0x0c, defCfaOffset: 0x0e, defCfaExpression: 0x0f, expression: 0x10, valueExpression: 0x16,
} as const; // prettier-ignore
const Operation = { address: 0x03, deref: 0x06, constant1: 0x08 } as const;

const CIE_ID = 0xffff_ffff;
const DATA_ALIGNMENT = -8;
const CALL_OFFSET = 8;

export interface FrameRow {
  readonly address: bigint;
  readonly state: FrameState;
}

export interface FrameFunction {
  readonly start: bigint;
  readonly end: bigint;
  readonly rows: readonly FrameRow[];
}

type AddressOf = (symbol: string) => bigint;

/** `.debug_frame`: one CIE for ordinary functions and one for signal frames, then one FDE a function. */
export function frameSection(functions: readonly FrameFunction[], addressOf: AddressOf): Uint8Array {
  const out = new ByteWriter();
  const ordinary = appendCie(out, '');
  const signal = appendCie(out, 'S');
  for (const each of functions)
    appendFde(out, each, each.rows[0]?.state.signal ? signal : ordinary, addressOf);
  return out.toBytes();
}

function appendCie(out: ByteWriter, augmentation: string): number {
  const at = out.length;
  appendEntry(out, (body) => {
    body.u32(CIE_ID).u8(1).text(augmentation).uleb(1).sleb(DATA_ALIGNMENT).u8(DwarfRegister.rip);
    body.u8(Cfi.defCfa).uleb(DwarfRegister.rsp).uleb(CALL_OFFSET);
  });
  return at;
}

function appendEntry(out: ByteWriter, write: (body: ByteWriter) => void): void {
  const body = new ByteWriter();
  write(body);
  while ((body.length + 4) % 8 !== 0) body.u8(0);
  out.u32(body.length).append(body.toBytes());
}

const START: FrameState = { cfa: { kind: 'rsp', offset: CALL_OFFSET }, rules: new Map(), signal: false };

function appendFde(
  out: ByteWriter,
  { start, end, rows }: FrameFunction,
  cie: number,
  addressOf: AddressOf,
): void {
  appendEntry(out, (body) => {
    body
      .u32(cie)
      .u64(start)
      .u64(end - start);
    let before = START;
    let at = start;
    for (const { address, state } of rows) {
      if (sameState(before, state)) continue;
      appendAdvance(body, Number(address - at));
      appendChange(body, before, state, addressOf);
      before = state;
      at = address;
    }
  });
}

function appendAdvance(out: ByteWriter, bytes: number): void {
  if (bytes === 0) return;
  if (bytes < 0x40) out.u8(Cfi.advanceLoc | bytes);
  else if (bytes < 0x100) out.u8(Cfi.advanceLoc1).u8(bytes);
  else out.u8(Cfi.advanceLoc2).u16(bytes);
}

function appendChange(out: ByteWriter, before: FrameState, after: FrameState, addressOf: AddressOf): void {
  appendCfa(out, before.cfa, after.cfa, addressOf);
  for (const [name, rule] of after.rules) {
    if (!sameRule(before.rules.get(name), rule)) appendRule(out, name, rule, addressOf);
  }
  for (const name of before.rules.keys())
    if (!after.rules.has(name)) appendRule(out, name, { kind: 'same' }, addressOf);
}

const sameRule = (left: Rule | undefined, right: Rule) =>
  left === right || JSON.stringify(left) === JSON.stringify(right);

function appendCfa(out: ByteWriter, before: Cfa, after: Cfa, addressOf: AddressOf): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (after.kind === 'stored') {
    appendBlock(out.u8(Cfi.defCfaExpression), storedAt(after, addressOf).u8(Operation.deref));
  } else if (before.kind === 'rsp') out.u8(Cfi.defCfaOffset).uleb(after.offset);
  else out.u8(Cfi.defCfa).uleb(DwarfRegister.rsp).uleb(after.offset);
}

const storedAt = ({ symbol, addend }: { symbol: string; addend: number }, addressOf: AddressOf) =>
  new ByteWriter().u8(Operation.address).u64(addressOf(symbol) + BigInt(addend));

function appendBlock(out: ByteWriter, block: ByteWriter): void {
  out.uleb(block.length).append(block.toBytes());
}

function appendRule(out: ByteWriter, name: DwarfName, rule: Rule, addressOf: AddressOf): void {
  const number = DwarfRegister[name];
  switch (rule.kind) {
    case 'offset':
      return void out.u8(Cfi.offset | number).uleb(rule.fromCfa / DATA_ALIGNMENT);
    case 'register':
      return void out.u8(Cfi.register).uleb(number).uleb(DwarfRegister[rule.name]);
    case 'undefined':
      return void out.u8(Cfi.undefined).uleb(number);
    case 'same':
      return void out.u8(Cfi.same).uleb(number);
    case 'saved':
      return appendBlock(out.u8(Cfi.expression).uleb(number), storedAt(rule, addressOf));
    case 'constant':
      return appendBlock(
        out.u8(Cfi.valueExpression).uleb(number),
        new ByteWriter().u8(Operation.constant1).u8(rule.value),
      );
  }
}
