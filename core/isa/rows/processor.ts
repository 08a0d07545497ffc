import { ControlBit } from '../../cpu/control-bits.js';
import type { Emitter } from '../../cpu/emitter/emitter.js';
import { GP, state32, state64, toState32, toState64, UD } from '../../cpu/emitter/emitter.js';
import { setStatusFlags } from '../../cpu/emitter/flags.js';
import { Slot, State } from '../../cpu/layout.js';
import { Flag } from '../../cpu/rflags.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const [RAX, RCX, RDX] = [0, 1, 2] as const;
const FIXED = { sizes: 64, untestable: true } as const;

/** #UD while a bit of CR4 is clear. */
const enabledBy =
  (bit: number, meaning: Meaning): Meaning =>
  (e) => {
    e.body.if(i32.eqz(i32.and(state32(State.cr4), i32.const(bit))), () => e.fault(UD));
    meaning(e);
  };

type BaseSlot = typeof Slot.fsBase | typeof Slot.gsBase;

const readsBase = (slot: BaseSlot): Meaning =>
  enabledBy(ControlBit.FSGSBASE, (e) => e.write(0, e.let(e.trim(state64(slot)))));

const writesBase = (slot: BaseSlot): Meaning =>
  enabledBy(ControlBit.FSGSBASE, (e) => {
    const base = e.read(0);
    if (e.size === 64) e.requireCanonical(base);
    e.body.do(toState64(slot, base));
  });

const bases: Row[] = [
  { name: 'RDFSBASE_Ry', encoding: 'f3 0f ae /0', does: readsBase(Slot.fsBase) },
  { name: 'RDGSBASE_Ry', encoding: 'f3 0f ae /1', does: readsBase(Slot.gsBase) },
  { name: 'WRFSBASE_Ry', encoding: 'f3 0f ae /2', does: writesBase(Slot.fsBase) },
  { name: 'WRGSBASE_Ry', encoding: 'f3 0f ae /3', does: writesBase(Slot.gsBase) },
].map((row) => ({ ...row, cpuid: 'FSGSBASE', modes: 'long' as const }));

/** CF = 1: there is always a number. */
const random: Meaning = (e) => {
  e.ask('random');
  e.write(0, e.let(e.trim(i64.load(i32.const(0), State.scratch + 16))));
  setStatusFlags(e, i32.const(Flag.CF), i32.const(0));
};

const RANDOM = { does: random, flags: 'oszapc', untestable: true };

const numbers: Row[] = [
  { ...RANDOM, name: 'RDRAND_Rv', encoding: 'nfx 0f c7 /6', cpuid: 'RDRAND' },
  { ...RANDOM, name: 'RDSEED_Rv', encoding: 'nfx 0f c7 /7', cpuid: 'RDSEED' },
  {
    ...FIXED,
    name: 'RDPID_Rq',
    encoding: 'f3 0f c7 /7',
    does: (e) => e.write(0, state64(State.tscAux)),
    cpuid: 'RDPID',
  },
  // No performance counter exists.
  { ...FIXED, name: 'RDPMC', encoding: '0f 33', does: (e) => e.fault(GP) },
];

const setAlignmentCheck =
  (on: boolean): Meaning =>
  (e) => {
    e.body.if(state32(State.cpl), () => e.fault(UD));
    const cleared = i64.and(state64(State.systemFlags), i64.const(~Flag.AC));
    e.body.do(toState64(State.systemFlags, i64.or(cleared, i64.const(on ? Flag.AC : 0))));
  };

const requireZero = (e: Emitter, register: number) =>
  e.body.if(i32.wrap(e.gpr(register, 32)), () => e.fault(GP));

const readKeyRights: Meaning = enabledBy(ControlBit.PKE, (e) => {
  requireZero(e, RCX);
  e.setGpr(RAX, i64.extendU(state32(State.pkru)), 32);
  e.setGpr(RDX, i64.const(0), 32);
});

const writeKeyRights: Meaning = enabledBy(ControlBit.PKE, (e) => {
  requireZero(e, RCX);
  requireZero(e, RDX);
  e.body.do(toState32(State.pkru, i32.wrap(e.gpr(RAX, 32))));
  e.system('flushTranslations');
});

const rights: Row[] = [
  { ...FIXED, name: 'CLAC', encoding: 'np 0f 01 =ca', does: setAlignmentCheck(false), cpuid: 'SMAP' },
  { ...FIXED, name: 'STAC', encoding: 'np 0f 01 =cb', does: setAlignmentCheck(true), cpuid: 'SMAP' },
  { ...FIXED, name: 'RDPKRU', encoding: 'np 0f 01 =ee', does: readKeyRights, cpuid: 'PKU' },
  { ...FIXED, name: 'WRPKRU', encoding: 'np 0f 01 =ef', does: writeKeyRights, cpuid: 'PKU' },
  {
    ...FIXED,
    name: 'INVPCID_Gq_M',
    encoding: '66 0f 38 82 /r',
    does: (e) => e.system('invalidateContext', e.read(0), e.address(1)),
    privileged: true,
    cpuid: 'INVPCID',
  },
];

/** What later processors added around registers, random numbers and access rights. */
export const processorRows: readonly Row[] = [...bases, ...numbers, ...rights];
