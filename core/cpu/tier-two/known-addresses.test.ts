import { expect } from 'chai';
import fc from 'fast-check';
import { createCpuBench } from '../testing/bench.js';

const AT_ONCE = { countTo: 2, atOnce: 'quickly' } as const;
const [TABLE, PD] = [0x4000, 0x3000];
/** Linear addresses of pages whose neighbours lie elsewhere in memory, and where they do. */
const FIRST = 0x20_0000;
const PLACES = [0x14_0000, 0x10_0000, 0x18_0000, 0x12_0000];
const BORDER = FIRST + 0x2000;
const ROUNDS = 100;
const [RSP, RDI, R8, R9] = [4, 7, 8, 9];

const bytes32 = (value: number) => [value, value >> 8, value >> 16, value >> 24].map((byte) => byte & 0xff);
const near = fc.integer({ min: -40, max: 40 }).map(bytes32);
const withDistance = (...opcode: number[]) => near.map((distance) => [...opcode, ...distance]);

const step = fc.oneof(
  withDistance(0x48, 0x03, 0x87), // add rax, [rdi + …]
  withDistance(0x48, 0x01, 0x87), // add [rdi + …], rax
  withDistance(0x0f, 0xb6, 0x8f), // movzx ecx, byte [rdi + …]
  withDistance(0x66, 0x01, 0x87), // add [rdi + …], ax
  withDistance(0x48, 0x8d, 0xb7), // lea rsi, [rdi + …]
  fc.integer({ min: 0, max: 40 }).map((distance) => [0x48, 0x8d, 0x74, 0x0f, distance]), // lea rsi, [rdi + rcx + …]
  withDistance(0x48, 0x03, 0x86), // add rax, [rsi + …]
  withDistance(0x88, 0x86), // mov [rsi + …], al
  withDistance(0x48, 0x2b, 0x84, 0x24), // sub rax, [rsp + …]
  withDistance(0x48, 0x89, 0x84, 0x24), // mov [rsp + …], rax
  withDistance(0x48, 0x81, 0xc7), // add rdi, …
  fc.constantFrom(
    [0x50], // push rax
    [0x58], // pop rax
    [0x48, 0x89, 0xfe], // mov rsi, rdi
    [0x48, 0xff, 0xc6], // inc rsi
    [0x83, 0xe1, 0x1f], // and ecx, 31
    [0x48, 0x31, 0xc8], // xor rax, rcx
    [0x48, 0x87, 0xf7], // xchg rdi, rsi
  ),
);
/** test al, 1; jz over what may be skipped */
const skipped = step.map((code) => [0xa8, 0x01, 0x74, code.length, ...code]);
const program = fc.array(fc.oneof({ weight: 3, arbitrary: step }, skipped), { minLength: 3, maxLength: 14 });

/** Again and again, each time some bytes on. */
function loopOf(steps: readonly (readonly number[])[]): string {
  const start = [0x4c, 0x89, 0xcf, 0x48, 0x89, 0xfe, 0x49, 0x8d, 0xa1, ...bytes32(0x1000)]; // rdi, rsi = r9; rsp = r9 + 4096
  const body = [...start, ...steps.flat(), 0x49, 0x83, 0xc1, 0x03, 0x49, 0xff, 0xc8]; // add r9, 3; dec r8
  const back = [0x0f, 0x85, ...bytes32(-(body.length + 6))]; // jnz
  return Buffer.from([...body, ...back, 0xf4]).toString('hex');
}

function outcome(code: string, tierTwo: typeof AT_ONCE | false, budget: number): unknown[] {
  const { cpu, load, registers, memory } = createCpuBench({ tierTwo });
  memory.write64(PD + 8, BigInt(TABLE) | 7n);
  PLACES.forEach((place, i) => memory.write64(TABLE + i * 8, BigInt(place) | 7n));
  for (const place of PLACES)
    for (let at = 0; at < 4096; at += 8) memory.write32(place + at, Math.imul(place + at, 0x9e37_79b1));
  load(code);
  registers.set(RDI, BigInt(BORDER));
  registers.set(R8, BigInt(ROUNDS));
  registers.set(R9, BigInt(BORDER - 0x1000 - 200));
  registers.set(RSP, BigInt(BORDER));
  while (cpu.run(budget) === 'budget');
  const general = Array.from({ length: 16 }, (_, i) => registers.get(i));
  const pages = PLACES.map((place) => Buffer.from(memory.read(place, 4096)).toString('base64'));
  return [cpu.retired, registers.rip, registers.rflags, ...general, ...pages];
}

describe('accesses beside each other in a region', () => {
  it('go where the page tables say, over page borders too', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(program, fc.constantFrom(333, 100_000), (steps, budget) => {
        const code = loopOf(steps);
        expect(outcome(code, AT_ONCE, budget)).to.deep.equal(outcome(code, false, budget));
      }),
      { numRuns: 25 },
    );
  });
});
