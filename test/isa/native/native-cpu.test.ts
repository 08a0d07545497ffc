import { expect } from 'chai';
import { CODE, DATA, emptyState, FIXED, HIGH } from '../test-case.js';
import type { CpuState, Patch, TestCase } from '../test-case.js';
import { nativeCpu, whyNoNativeCpu } from './native-cpu.js';

const [RAX, RCX, , RBX, RSP, , RSI, RDI] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

function testCase(
  hex: string,
  change: (before: CpuState) => void = () => {},
  memory: Patch[] = [],
): TestCase {
  const before = emptyState();
  change(before);
  return { code: Buffer.from(hex.replaceAll(' ', ''), 'hex'), codeOffset: 0x100, before, memory };
}

function run(one: TestCase) {
  const [outcome] = nativeCpu.run([one]);
  if (!outcome) throw new Error('no outcome');
  return outcome;
}

describe('the host processor under test', () => {
  beforeEach(function () {
    const reason = whyNoNativeCpu();
    if (!reason) return;
    this.currentTest!.title += ` (${reason})`;
    this.skip();
  });

  it('adds, and stops behind the instruction', () => {
    const { after, fault } = run(testCase('48 01 d8', ({ gpr }) => gpr.set([2n, 0n, 0n, 40n])));
    expect(fault).equal(undefined);
    expect([after.gpr[RAX], after.gpr[RBX], after.rip]).eql([42n, 40n, CODE + 0x103n]);
  });

  it('reports words of memory that changed, also through the high alias', () => {
    const { changes } = run(
      testCase('48 89 01', ({ gpr }) => {
        gpr[RAX] = 0x0102n;
        gpr[RCX] = HIGH + 0x1008n;
      }),
    );
    expect(changes).eql([{ offset: 0x1008, bytes: Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0) }]);
  });

  it('reports a page fault with error code and address', () => {
    const store = (address: bigint) =>
      run(testCase('48 89 01', ({ gpr }) => void (gpr[RCX] = address))).fault;
    expect(store(DATA - 8n)).eql({ vector: 14, errorCode: 6, cr2: DATA - 8n });
    expect(store(FIXED)).eql({ vector: 14, errorCode: 7, cr2: FIXED });
    expect(store(1n << 63n)).eql({ vector: 13, errorCode: 0, cr2: 0n });
  });

  it('runs a repeated string instruction to its end', () => {
    const { after, changes } = run(
      testCase('f3 aa', ({ gpr }) => {
        gpr[RAX] = 0x11n;
        gpr[RCX] = 5n;
        gpr[RDI] = DATA;
      }),
    );
    expect([after.gpr[RCX], after.gpr[RDI], after.rip]).eql([0n, DATA + 5n, CODE + 0x102n]);
    expect(changes).eql([{ offset: 0, bytes: Uint8Array.of(0x11, 0x11, 0x11, 0x11, 0x11, 0, 0, 0) }]);
  });

  it('loads and stores x87 and SSE state', () => {
    const { after, fault } = run(
      testCase('0f 58 c1', ({ fx }) => {
        fx.set(new Uint8Array(Float32Array.of(1.5, 2, 0, -1).buffer), 160);
        fx.set(new Uint8Array(Float32Array.of(0.25, 2, 3, 4).buffer), 176);
      }),
    );
    expect(fault).equal(undefined);
    expect([...new Float32Array(after.fx.slice(160, 176).buffer)]).eql([1.75, 4, 3, 3]);
  });

  it('keeps the trap flag out of what pushf stores', () => {
    const { changes } = run(testCase('9c', ({ gpr }) => void (gpr[RSP] = DATA + 64n)));
    expect(changes).eql([{ offset: 56, bytes: Uint8Array.of(2, 2, 0, 0, 0, 0, 0, 0) }]);
  });

  it('goes on after a fault, a divide error and an undefined opcode', () => {
    const load = testCase('ac', ({ gpr }) => void (gpr[RSI] = FIXED + 1n), [
      { offset: 8193, bytes: Uint8Array.of(7) },
    ]);
    const outcomes = nativeCpu.run([testCase('f7 f1'), testCase('0f 0b'), testCase('f4'), load]);
    expect(outcomes.map(({ fault }) => fault?.vector)).eql([0, 6, 13, undefined]);
    expect(outcomes.at(-1)?.after.gpr[RAX]).equal(7n);
  });
});
