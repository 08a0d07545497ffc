import { expect } from 'chai';
import { ControlBit } from './control-bits.js';
import { ACCESS_CODE, CODE_PAGES, RAM, State, STATE_BYTES, TLB_USER, TLB_WRITE } from './layout.js';
import { pageWalkModule } from './page-walk.js';
import { CR0_WP, EFER_NXE, Paging, Want } from './paging.js';
import { CpuState } from './state.js';
import { Random } from '../../test/isa/random.js';

const RAM_BYTES = 2 ** 20;
const TABLES = 8;
const DATA_PAGE = 0x80;
const [EFER_LMA, LONG_CODE] = [0x400, 0xa09b];

/** Page tables in the first pages of RAM that lead to each other, to data, and out of RAM; seldom with a bit that is reserved. */
function fillTables(state: CpuState, random: Random): void {
  for (let i = 0; i < TABLES * 512; i++) {
    const page = BigInt(random.below(4) ? random.below(TABLES) : DATA_PAGE + random.below(0x90));
    const flags = BigInt(random.below(0x200) | (random.below(16) ? 1 : 0)) & ~(random.below(3) ? 0x80n : 0n);
    const rare = 1n << BigInt(40 + random.below(24));
    state.set64(RAM + i * 8, (page << 12n) | flags | (random.below(24) ? 0n : rare));
  }
}

function randomState(random: Random): CpuState {
  const state = new CpuState(RAM_BYTES);
  state.clear();
  state.set64(State.efer, BigInt(EFER_LMA | (random.below(2) ? EFER_NXE : 0)));
  state.set32(State.cr0, random.below(2) ? CR0_WP : 0);
  state.set32(State.cr4, [0, ControlBit.PGE, ControlBit.SMAP, ControlBit.PKE][random.below(4)]!);
  state.setSegment('cs', { selector: 8, base: 0n, limit: 0xffff_ffff, attributes: LONG_CODE });
  state.cpl = random.below(2) ? 3 : 0;
  state.tlb.flush();
  fillTables(state, random);
  return state;
}

/** What a walk reads and writes. */
function copyTo(copy: CpuState, { u8 }: CpuState): void {
  copy.u8.set(u8.subarray(0, STATE_BYTES));
  copy.u8.set(tablesOf({ u8 }), RAM);
}

const tablesOf = ({ u8 }: Pick<CpuState, 'u8'>) => u8.subarray(RAM, RAM + TABLES * 4096);

function link(state: CpuState, watched = () => undefined) {
  const env = { memory: state.memory, slowly: () => -1, watched };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(pageWalkModule()), { env });
  return exports as { walk: (address: bigint, access: number) => number; slow: (access: number) => number };
}

const randomAddress = (random: Random): bigint =>
  BigInt.asIntN(48, (BigInt(random.below(2 ** 24)) << 24n) | BigInt(random.below(2 ** 24)));

describe('the page walk in generated code', () => {
  it('agrees with the one in TypeScript, in what it finds and in what it writes', () => {
    let found = 0;
    const other = new CpuState(RAM_BYTES);
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const state = randomState(random);
      const { walk } = link(state);
      for (let i = 0; i < 100; i++) found += compare({ state, other, walk }, random);
    }
    expect(found).to.be.greaterThan(200);
  });

  it('enters what it finds, and forgets it with CR3 unless it is global', () => {
    const { state, walk } = mapped(0x07n);
    expect(walk(0x1234n, 8)).to.equal(RAM + 0x8_0234);
    expect(state.tlb.find(TLB_USER, 0x1234, 0)).to.equal(RAM + 0x8_0234);
    state.tlb.flushLocal();
    expect(state.tlb.find(TLB_USER, 0x1234, 0)).to.equal(0);
    const lasting = mapped(0x107n);
    lasting.walk(0x1234n, 8);
    lasting.state.tlb.flushLocal();
    expect(lasting.state.tlb.find(TLB_USER, 0x1234, 0)).to.equal(RAM + 0x8_0234);
  });

  it('leaves writes to code to TypeScript, and no page that is watched in a TLB', () => {
    const { state, walk } = mapped(0x07n);
    state.u8[CODE_PAGES + DATA_PAGE] = 1;
    expect(walk(0x1234n, ACCESS_CODE.write + 8)).to.equal(0);
    state.u8[CODE_PAGES + DATA_PAGE] = 0;
    state.watchedPages[1] = 1;
    expect(walk(0x1234n, 8)).to.equal(0);
    let told = 0;
    const { slow } = link(state, () => void told++);
    state.set64(State.address, 0x1234n);
    expect(slow(ACCESS_CODE.write + 8)).to.equal(RAM + 0x8_0234);
    expect(told).to.equal(1);
    expect(state.tlb.find(TLB_USER + TLB_WRITE, 0x1234, 0)).to.equal(0);
  });
});

/** Linear page 1 leads to the data page, in user mode. */
function mapped(flags: bigint) {
  const state = new CpuState(RAM_BYTES);
  state.clear();
  state.set64(State.efer, BigInt(EFER_LMA));
  state.set32(State.cr4, ControlBit.PGE);
  state.setSegment('cs', { selector: 8, base: 0n, limit: 0xffff_ffff, attributes: LONG_CODE });
  state.cpl = 3;
  state.tlb.flush();
  for (let level = 0; level < 3; level++) state.set64(RAM + level * 4096, BigInt((level + 1) * 4096) | 7n);
  state.set64(RAM + 3 * 4096 + 8, BigInt(DATA_PAGE * 4096) | flags);
  return { state, ...link(state) };
}

interface Compared {
  readonly state: CpuState;
  /** The same for TypeScript. */
  readonly other: CpuState;
  readonly walk: ReturnType<typeof link>['walk'];
}

/** 1 when generated code found something. */
function compare({ state, other, walk }: Compared, random: Random): number {
  const address = randomAddress(random);
  const [bytes, writes] = [1 << random.below(4), random.below(2) === 1];
  copyTo(other, state);
  const host = walk(address, bytes + (writes ? ACCESS_CODE.write : 0));
  const paging = new Paging(other);
  const want = (writes ? Want.write : 0) | (state.cpl === 3 ? Want.user : 0);
  const high = Number(BigInt.asUintN(32, address >> 32n)) | 0;
  const physical = paging.walkNow(Number(address & 0xffff_ffffn) | 0, high, want);
  if (host === 0) return checkDeclined(state, paging, physical, Number(address & 0xfffn) + bytes);
  expect(host - RAM).to.equal(physical);
  expect(Buffer.compare(tablesOf(state), tablesOf(other))).to.equal(0);
  return 1;
}

/** It declined for a reason. Then TypeScript sets what it would have set. */
function checkDeclined(state: CpuState, paging: Paging, physical: number, end: number): 0 {
  const asks = paging.user && (state.get32(State.cr4) & (ControlBit.SMAP | ControlBit.PKE)) !== 0;
  expect(physical < 0 || physical >= RAM_BYTES || end > 4096 || asks).to.equal(true);
  return 0;
}
