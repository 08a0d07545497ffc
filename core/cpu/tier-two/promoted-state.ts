import { Slot, State, VECTOR_STRIDE } from '../layout.js';
import type { Local } from '../wasm/body.js';
import type { Expr, MemoryAccess, ValueType } from '../wasm/expr.js';
import { expr, i32, i64 } from '../wasm/expr.js';
import { RegionFlags } from './deferred-flags.js';
import type { RegionBody } from './region-body.js';
import { f32x4, f64x2, i16x8, i32x4, i64x2, i8x16, v128 } from '../wasm/simd-expr.js';

/** Code that cannot be had with registers in locals: the instruction is left to tier 1. */
export class NotPromotable extends Error {}

/** A place of the state block that lives in a local while a region runs. */
interface Place {
  readonly offset: number;
  readonly local: Local;
  written: boolean;
}

const GPR_END = State.gpr + 16 * 8;
const VECTOR_END = State.vector + 16 * VECTOR_STRIDE;
const FLAGS_END = State.carries + 8;
const WIDTH = { i32: 4, i64: 8, v128: 16 } as const;
const zero = i32.const(0);

const LOAD = {
  i32: 0x28,
  i64: 0x29,
  f32: 0x2a,
  f64: 0x2b,
} as const;
const STORE = { i32: 0x36, i64: 0x37, f32: 0x38, f64: 0x39 } as const;
const SIMD = 0xfd;
const [V128_LOAD, V128_STORE, LOAD_32_ZERO, LOAD_64_ZERO] = [0, 11, 92, 93];

/** Integer loads by opcode: bytes, signed, type. */
const INTEGER_LOADS: Record<number, readonly [number, boolean, 'i32' | 'i64']> = {
  0x28: [4, false, 'i32'],
  0x2c: [1, true, 'i32'],
  0x2d: [1, false, 'i32'],
  0x2e: [2, true, 'i32'],
  0x2f: [2, false, 'i32'],
  0x29: [8, false, 'i64'],
  0x30: [1, true, 'i64'],
  0x31: [1, false, 'i64'],
  0x32: [2, true, 'i64'],
  0x33: [2, false, 'i64'],
  0x34: [4, true, 'i64'],
  0x35: [4, false, 'i64'],
};
/** Integer stores by opcode: bytes. */
const INTEGER_STORES: Record<number, number> = {
  0x36: 4,
  0x3a: 1,
  0x3b: 2,
  0x37: 8,
  0x3c: 1,
  0x3d: 2,
  0x3e: 4,
};

const LANES = { 1: i8x16, 2: i16x8, 4: i32x4 } as const;
const extractLane = (type: ValueType, opcode: number, value: Expr, lane: number) =>
  expr(type, [value, SIMD, opcode, lane]);
/** Extraction of signed lanes by width. */
const EXTRACT_SIGNED = { 1: 21, 2: 24 } as const;

/**
 * Keeps general registers, flag words and vector registers in locals: loads and stores of their places, which meanings build as
 * everywhere, become reads and writes of locals. What is not written needs no writing back.
 */
export class PromotedState {
  readonly #places = new Map<number, Place>();

  /** Told of every write of a vector register. */
  vectorWritten: (offset: number) => void = () => undefined;
  /** MXCSR may not be written. */
  keepsControl = false;

  readonly flags: RegionFlags;

  constructor(private readonly body: RegionBody) {
    this.flags = new RegionFlags(body, (offset) => {
      const place = this.#place(offset);
      place.written = true;
      return place.local;
    });
  }

  /** Whether a byte of the state block lives in a local. */
  static holds(offset: number): boolean {
    return (
      (offset >= State.gpr && offset < GPR_END) ||
      isFlagWord(offset) ||
      (offset >= State.vector && offset < VECTOR_END) ||
      offset === State.mxcsr
    );
  }

  /** The same code with promoted places in locals. */
  promote(code: Expr): Expr {
    if (code.constant !== undefined) return code;
    if (code.access) return this.#access(code, code.access);
    if (code.sum) code.sum.forEach(refuseVectorBase);
    let changed = false;
    const parts = code.parts.map((part) => {
      if (typeof part === 'number') return part;
      const promoted = this.promote(part);
      if (promoted !== part) changed = true;
      return promoted;
    });
    return changed ? expr(code.type, parts) : code;
  }

  /** Loads every place that is used, for the start of the function. */
  loadAll(): void {
    for (const place of this.#places.values()) this.body.set(place.local, loadPlace(place));
  }

  /** Stores every place that is written anywhere. */
  storeAll(): void {
    for (const place of this.#places.values()) {
      if (place.written) this.body.do(storePlace(place, this.body.get(place.local)));
    }
  }

  /** Around a call of a library function, which knows the control word in memory only. */
  aroundCall(call: () => void): void {
    const place = this.#place(State.mxcsr);
    place.written = true;
    this.body.do(storePlace(place, this.body.get(place.local)));
    call();
    this.body.set(place.local, loadPlace(place));
  }

  #access(code: Expr, access: MemoryAccess): Expr {
    const { address, offset, opcode, value } = access;
    if (typeof address.constant === 'number') {
      const at = address.constant + offset;
      if (PromotedState.holds(at)) {
        return value ? this.#store(at, opcode, this.promote(value)) : this.#load(at, opcode);
      }
      if (at === Slot.pageBase || at === State.rip) throw new NotPromotable();
      if (!value) return code;
    }
    const promoted = this.promote(address);
    const stored = value && this.promote(value);
    if (promoted === address && stored === value) return code;
    const last = code.parts.slice(value ? 2 : 1);
    return expr(code.type, [promoted, ...(stored ? [stored] : []), ...last]);
  }

  #place(offset: number): Place {
    const type = typeAt(offset);
    const start = offset & -WIDTH[type];
    let place = this.#places.get(start);
    if (!place) {
      place = { offset: start, local: this.body.local(type), written: false };
      this.#places.set(start, place);
    }
    return place;
  }

  #load(at: number, opcode: readonly number[]): Expr {
    const place = this.#place(at);
    const value = isFlagWord(place.offset) ? this.flags.read(place.offset) : this.body.get(place.local);
    const inside = at - place.offset;
    if (isWhole(at, opcode, LOAD.i64)) return { ...value, numbered: this.body.addresses.register(at >> 3) };
    if (place.local.type === 'i32') return opcode[0] === LOAD.i32 ? value : refuse();
    return place.local.type === 'i64'
      ? loadInteger(value, inside, opcode)
      : loadVector(value, inside, opcode);
  }

  #store(at: number, opcode: readonly number[], given: Expr): Expr {
    const place = this.#place(at);
    // What flags were computed from is gone once one of them is written.
    const value = isFlagWord(place.offset) ? this.body.let(given) : given;
    const old = this.body.get(place.local);
    const inside = at - place.offset;
    if (at === State.mxcsr && this.keepsControl) refuse();
    if (place.local.type === 'v128') this.vectorWritten(at);
    if (isFlagWord(place.offset)) this.flags.written(place.offset);
    place.written = true;
    if (at < GPR_END)
      this.body.addresses.written(at >> 3, isWhole(at, opcode, STORE.i64) ? value : undefined);
    if (place.local.type === 'i32')
      return opcode[0] === STORE.i32 ? this.body.assignment(place.local, value) : refuse();
    const merged =
      place.local.type === 'i64'
        ? storeInteger(old, inside, opcode, value)
        : storeVector(old, inside, opcode, value);
    return this.body.assignment(place.local, merged);
  }
}

/** A whole general register. */
const isWhole = (at: number, opcode: readonly number[], whole: number) =>
  at < GPR_END && (at & 7) === 0 && opcode.length === 1 && opcode[0] === whole;

const isFlagWord = (offset: number) => offset >= State.zeroResult && offset < FLAGS_END;

/** Somebody computes with the address of a vector register. */
function refuseVectorBase({ constant }: Expr): void {
  if (typeof constant === 'number' && constant >= State.vector && constant < VECTOR_END)
    throw new NotPromotable();
}

function typeAt(offset: number): keyof typeof WIDTH {
  if (offset >= State.vector) return 'v128';
  return offset === State.mxcsr ? 'i32' : 'i64';
}

const MEMORY = { i32, i64, v128 } as const;
const loadPlace = ({ offset, local }: Place) => MEMORY[local.type as keyof typeof MEMORY].load(zero, offset);
const storePlace = ({ offset, local }: Place, value: Expr) =>
  MEMORY[local.type as keyof typeof MEMORY].store(zero, value, offset);

const maskOf = (bytes: number) => i64.const((1n << BigInt(bytes * 8)) - 1n);
const shifted = (value: Expr, bytes: number) => (bytes === 0 ? value : i64.shrU(value, i64.const(bytes * 8)));

function extend(value: Expr, bytes: number): Expr {
  if (bytes === 1) return i64.extend8(value);
  return bytes === 2 ? i64.extend16(value) : i64.extend32(value);
}

function loadInteger(value: Expr, inside: number, opcode: readonly number[]): Expr {
  const [bytes, signed, type] = INTEGER_LOADS[opcode[0]!] ?? refuse();
  if (opcode.length > 1 || inside + bytes > 8) refuse();
  const low = shifted(value, inside);
  if (bytes === 8) return low;
  if (type === 'i32' && bytes === 4) return i32.wrap(low);
  const cut = signed ? extend(low, bytes) : i64.and(low, maskOf(bytes));
  return type === 'i32' ? i32.wrap(cut) : cut;
}

function storeInteger(old: Expr, inside: number, opcode: readonly number[], value: Expr): Expr {
  const bytes = INTEGER_STORES[opcode[0]!] ?? refuse();
  if (opcode.length > 1 || inside + bytes > 8) refuse();
  if (bytes === 8) return value;
  const wide = value.type === 'i32' ? i64.extendU(value) : value;
  const part = i64.and(wide, maskOf(bytes));
  const placed = inside === 0 ? part : i64.shl(part, i64.const(inside * 8));
  const hole = ~(((1n << BigInt(bytes * 8)) - 1n) << BigInt(inside * 8));
  return i64.or(i64.and(old, i64.const(hole)), placed);
}

function loadVector(value: Expr, inside: number, opcode: readonly number[]): Expr {
  if (opcode[0] === SIMD) return loadWholeVector(value, inside, opcode[1]!);
  const lane = (bytes: number) => (inside % bytes === 0 ? inside / bytes : refuse());
  if (opcode[0] === LOAD.f32) return f32x4.extract(value, lane(4));
  if (opcode[0] === LOAD.f64) return f64x2.extract(value, lane(8));
  const [bytes, signed, type] = INTEGER_LOADS[opcode[0]!] ?? refuse();
  if (bytes === 8) return i64x2.extract(value, lane(8));
  if (bytes === 4) {
    const word = i32x4.extract(value, lane(4));
    if (type === 'i32') return word;
    return signed ? i64.extendS(word) : i64.extendU(word);
  }
  const narrow = bytes as 1 | 2;
  const part = signed
    ? extractLane('i32', EXTRACT_SIGNED[narrow], value, lane(bytes))
    : LANES[narrow].extractU(value, lane(bytes));
  if (type === 'i32') return part;
  return signed ? i64.extendS(part) : i64.extendU(part);
}

function loadWholeVector(value: Expr, inside: number, opcode: number): Expr {
  const nothing = v128.const64(0n);
  if (opcode === V128_LOAD && inside === 0) return value;
  if (opcode === LOAD_64_ZERO && inside % 8 === 0)
    return i64x2.replace(nothing, 0, i64x2.extract(value, inside / 8));
  if (opcode === LOAD_32_ZERO && inside % 4 === 0)
    return i32x4.replace(nothing, 0, i32x4.extract(value, inside / 4));
  return refuse();
}

function storeVector(old: Expr, inside: number, opcode: readonly number[], value: Expr): Expr {
  if (opcode[0] === SIMD) return opcode[1] === V128_STORE && inside === 0 ? value : refuse();
  const lane = (bytes: number) => (inside % bytes === 0 ? inside / bytes : refuse());
  if (opcode[0] === STORE.f32) return f32x4.replace(old, lane(4), value);
  if (opcode[0] === STORE.f64) return f64x2.replace(old, lane(8), value);
  const bytes = INTEGER_STORES[opcode[0]!] ?? refuse();
  if (bytes === 8) return i64x2.replace(old, lane(8), value);
  const narrow = value.type === 'i64' ? i32.wrap(value) : value;
  return LANES[bytes as 1 | 2 | 4].replace(old, lane(bytes), narrow);
}

function refuse(): never {
  throw new NotPromotable();
}
