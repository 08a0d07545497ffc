import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElfFile } from './elf-file.js';
import type { FakeTarget } from './fake-target.js';

export const KERNEL_SOURCE = `
long counter;
long (*program)(long);

long sys_read(long descriptor, long length) {
  counter += length;
  return descriptor + length;
}

long idle(void) {
  long turns = 0;
  for (;;) {
    turns = turns + 1;
    if (program) program(turns);
  }
}

void _start(void) {
  sys_read(3, 40);
  sys_read(4, 2);
  idle();
}
`;

export const PROGRAM_SOURCE = `
long total;

long twice(long n) {
  long result = n + n;
  return result;
}

long main(long n) {
  total = total + twice(n);
  return total;
}

long _start(long n) {
  return main(n);
}
`;

export const KERNEL_FLAGS = [
  '-static',
  '-Wl,-Ttext-segment=0xffffffff80100000',
  '-mcmodel=kernel',
  '-fno-pie',
];
export const STATIC_FLAGS = ['-static', '-fno-pie', '-no-pie'];
export const STATIC_PIE_FLAGS = ['-static-pie', '-fpie'];

/** Compiles C without any library, with debug information. */
export function compile(name: string, source: string, flags: readonly string[]): ElfFile {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-gdb-'));
  try {
    writeFileSync(join(folder, `${name}.c`), source);
    const plain = ['-g', '-O0', '-nostdlib', '-fcf-protection=none', '-fno-stack-protector'];
    execFileSync('gcc', [...plain, ...flags, '-o', name, `${name}.c`], { cwd: folder, stdio: 'pipe' });
    return new ElfFile(readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Maps the segments. Position independent code is expected to need no relocation. */
export function load(target: FakeTarget, elf: ElfFile, bias = 0n): void {
  for (const { address, bytes, memoryBytes } of elf.loads) {
    target.bytes.map(address + bias, Buffer.concat([bytes, Buffer.alloc(memoryBytes - bytes.length)]));
  }
}

/** A fake machine whose kernel stands at its first instruction, as gdb will find it. */
export function loadKernel(target: FakeTarget, elf: ElfFile): void {
  load(target, elf);
  target.bytes.map(0xffff_ff00_0000_0000n, new Uint8Array(0x4000));
  target.cpu.registers[4] = 0xffff_ff00_0000_3000n;
  target.cpu.rip = elf.entry;
  target.main = '/boot/kernel';
  target.fileBytes.set('/boot/kernel', elf.bytes);
}

const AT_PHDR = 3n;
const AT_PHENT = 4n;
const AT_PHNUM = 5n;
const AT_ENTRY = 9n;
const EHDR_BYTES = 64n;
const PHENT_BYTES = 56n;

const words = (...values: bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(values).buffer);

/** What a Linux kernel would have put on the program's stack, as far as gdb looks. */
export function auxiliaryVector(elf: ElfFile, bias: bigint): Uint8Array {
  const start = (elf.loads[0]?.address ?? 0n) + bias;
  const headers = [AT_PHDR, start + EHDR_BYTES, AT_PHENT, PHENT_BYTES, AT_PHNUM, BigInt(elf.headerCount)];
  return words(...headers, AT_ENTRY, elf.entry + bias, 0n, 0n);
}

/** The kernel calls this address in its idle loop. Its variable `program` is the last of .bss, behind `counter`. */
export function setProgram(target: FakeTarget, kernel: ElfFile, entry: bigint): void {
  const data = kernel.loads.at(-1);
  if (data) target.bytes.map(data.address + BigInt(data.memoryBytes) - 8n, words(entry));
}
