import type { Emitter } from '../../cpu/emitter/emitter.js';
import { UD, zero } from '../../cpu/emitter/emitter.js';
import { Field } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { i32x4, i64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import { WIDE } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { avx } from './avx-support.js';
import type { RowTuple } from './sse-support.js';

type LaneBits = 32 | 64;

const LOAD = { 32: i64.load32s, 64: i64.load } as const;
const LOAD_UNSIGNED = { 32: i64.load32u, 64: i64.load } as const;
const STORE = { 32: i64.store32, 64: i64.store } as const;

function toBuffer(e: Emitter, parts: readonly Expr[], at: number): void {
  parts.forEach((part, i) => e.body.do(v128.store(zero, part, at + i * 16)));
}

/** Runs `step` with the offset of every lane whose mask, in a buffer, is negative. */
function eachChosen(e: Emitter, bits: LaneBits, step: (offset: Expr) => void): void {
  const at = e.body.temporary('i32');
  e.body.set(at, zero);
  e.body.loop((again) => {
    const offset = e.body.get(at);
    e.body.if(i64.ltS(LOAD[bits](offset, WIDE.a), i64.const(0)), () => step(offset));
    e.body.set(at, i32.add(offset, i32.const(bits / 8)));
    e.body.brIf(again, i32.ltU(e.body.get(at), i32.const(e.size / 8)));
  });
}

const laneAddress = (linear: Expr, offset: Expr) => i64.add(linear, i64.extendU(offset));

/** Lanes that are not chosen are zero and not looked at in memory. */
const maskedLoad =
  (bits: LaneBits): Meaning =>
  (e) => {
    const linear = e.let(e.address(2));
    const masks = e.readParts(1);
    toBuffer(e, masks, WIDE.a);
    toBuffer(
      e,
      masks.map(() => v128.const64(0n)),
      WIDE.b,
    );
    eachChosen(e, bits, (offset) => {
      const value = e.load(laneAddress(linear, offset), bits);
      e.body.do(STORE[bits](offset, value, WIDE.b));
    });
    const loaded = masks.map((_, i) => e.let(v128.load(zero, WIDE.b + i * 16)));
    e.writeParts(0, loaded);
  };

/** All chosen lanes can be written, or none is. */
const maskedStore =
  (bits: LaneBits): Meaning =>
  (e) => {
    const linear = e.let(e.address(0));
    toBuffer(e, e.readParts(1), WIDE.a);
    toBuffer(e, e.readParts(2), WIDE.b);
    eachChosen(e, bits, (offset) => {
      e.translate(laneAddress(linear, offset), bits / 8, 'modify');
    });
    eachChosen(e, bits, (offset) =>
      e.store(laneAddress(linear, offset), LOAD_UNSIGNED[bits](offset, WIDE.b), bits),
    );
  };

const AVX2 = { cpuid: 'AVX2' };
const masked: readonly RowTuple[] = [
  ['VMASKMOVPS_Vps_Hps_Mps', 'vex.66.0f38.w0 2c /r', maskedLoad(32)],
  ['VMASKMOVPD_Vpd_Hpd_Mpd', 'vex.66.0f38.w0 2d /r', maskedLoad(64)],
  ['VMASKMOVPS_Mps_Hps_Vps', 'vex.66.0f38.w0 2e /r', maskedStore(32)],
  ['VMASKMOVPD_Mpd_Hpd_Vpd', 'vex.66.0f38.w0 2f /r', maskedStore(64)],
  ['VPMASKMOVD_Vx_Hx_Mx', 'vex.66.0f38.w0 8c /r', maskedLoad(32), AVX2],
  ['VPMASKMOVQ_Vx_Hx_Mx', 'vex.66.0f38.w1 8c /r', maskedLoad(64), AVX2],
  ['VPMASKMOVD_Mx_Hx_Vx', 'vex.66.0f38.w0 8e /r', maskedStore(32), AVX2],
  ['VPMASKMOVQ_Mx_Hx_Vx', 'vex.66.0f38.w1 8e /r', maskedStore(64), AVX2],
];

interface Gather {
  readonly indexBits: LaneBits;
  readonly dataBits: LaneBits;
}

/** Destination, index and mask have to be three registers. */
function requireDifferent(e: Emitter): void {
  const [to, index, mask] = [Field.reg, Field.index, Field.vvvv].map((field) => e.let(e.field8(field))) as [
    Expr,
    Expr,
    Expr,
  ];
  const same = [i32.eq(to, index), i32.eq(to, mask), i32.eq(index, mask)].reduce(i32.or);
  e.body.if(same, () => e.fault(UD));
}

const laneOf = (parts: readonly Expr[], bits: LaneBits, i: number): Expr => {
  const lanes = 128 / bits;
  const part = parts[Math.floor(i / lanes)]!;
  return bits === 32 ? i64.extendS(i32x4.extract(part, i % lanes)) : i64x2.extract(part, i % lanes);
};

const withLane = (part: Expr, bits: LaneBits, i: number, value: Expr): Expr =>
  bits === 32 ? i32x4.replace(part, i, i32.wrap(value)) : i64x2.replace(part, i, value);

/** Lane by lane; what is done when one faults stays done, and its mask is cleared, so that the instruction goes on from there. */
const gather =
  ({ indexBits, dataBits }: Gather): Meaning =>
  (e) => {
    requireDifferent(e);
    const lanes = e.size / Math.max(indexBits, dataBits);
    const perPart = 128 / dataBits;
    const indexes = e.readIndexes();
    const hold = (value: Expr) => {
      const local = e.body.temporary('v128');
      e.body.set(local, value);
      return local;
    };
    const signs = dataBits === 32 ? i32x4.shrS : i64x2.shrS;
    const left = e.readParts(2, e.size / 8).map((mask) => hold(signs(mask, i32.const(dataBits - 1))));
    const found = e.readParts(0, e.size / 8).map(hold);
    const all = (locals: typeof left) => locals.map((local) => e.body.get(local));
    e.writeParts(2, all(left));
    const results = (bits: number) => {
      const [low, high] = all(found) as [Expr, Expr];
      return bits === 256 ? [low, high] : [bits === 64 ? lowHalf(low) : low];
    };
    for (let i = 0; i < lanes; i++) {
      const [part, lane] = [Math.floor(i / perPart), i % perPart];
      const chosen = laneOf(all(left), dataBits, i);
      e.body.if(i64.ltS(chosen, i64.const(0)), () => {
        const value = e.load(e.indexedAddress(laneOf(indexes, indexBits, i)), dataBits);
        e.body.set(found[part]!, withLane(e.body.get(found[part]!), dataBits, lane, value));
        e.body.set(left[part]!, withLane(e.body.get(left[part]!), dataBits, lane, i64.const(0)));
        e.writeParts(0, all(found));
        e.writeParts(2, all(left));
      });
    }
    e.writeParts(0, results(lanes * dataBits));
    e.writeParts(2, [v128.const64(0n)]);
  };

const lowHalf = (value: Expr) => v128.and(value, v128.const64(-1n, 0n));

const gatherRow = (
  kind: string,
  opcode: string,
  w: string,
  indexBits: LaneBits,
  dataBits: LaneBits,
): RowTuple => {
  const vector = indexBits > dataBits ? 'dq' : 'x';
  return [
    `${kind}_V${vector}_M${dataBits === 32 ? 'd' : 'q'}_H${vector}`,
    `vex.66.0f38.${w} ${opcode} /r`,
    gather({ indexBits, dataBits }),
    { sizes: 'x', vectorIndex: indexBits < dataBits ? 128 : 256, cpuid: 'AVX2' },
  ];
};

const gathers: readonly RowTuple[] = [
  gatherRow('VPGATHERDD', '90', 'w0', 32, 32),
  gatherRow('VPGATHERDQ', '90', 'w1', 32, 64),
  gatherRow('VPGATHERQD', '91', 'w0', 64, 32),
  gatherRow('VPGATHERQQ', '91', 'w1', 64, 64),
  gatherRow('VGATHERDPS', '92', 'w0', 32, 32),
  gatherRow('VGATHERDPD', '92', 'w1', 32, 64),
  gatherRow('VGATHERQPS', '93', 'w0', 64, 32),
  gatherRow('VGATHERQPD', '93', 'w1', 64, 64),
];

export const avxMaskedRows: readonly Row[] = avx([...masked, ...gathers]);
