import { expect } from 'chai';
import { X86Cpu } from '../cpu/cpu.js';
import { silentBus } from '../cpu/testing/bench.js';
import { startKernel } from './start-kernel.js';

const RAM_BYTES = 16 << 20;
const HEADER_MAGIC = 0x1bad_b002;
const LOAD_AT = 0x10_0000;
const [RAX, RBX] = [0, 3];

/** A file without ELF headers, whose Multiboot header says where it goes. */
function flatKernel({ flags = 0x1_0000, start = LOAD_AT, bssBytes = 0x100 } = {}): Uint8Array {
  const file = Buffer.alloc(64);
  const words = [HEADER_MAGIC, flags, -(HEADER_MAGIC + flags) >>> 0];
  const addresses = [start, start, start + file.length, start + file.length + bssBytes, start + 48];
  [...words, ...addresses].forEach((word, i) => file.writeUInt32LE(word >>> 0, i * 4));
  file.writeUInt8(0xf4, 48);
  return file;
}

describe('startKernel', () => {
  const create = () => new X86Cpu({ ramBytes: RAM_BYTES, bus: silentBus });

  it('enters a flat Multiboot kernel in 32-bit protected mode with paging off', () => {
    const cpu = create();
    cpu.memory.write8(LOAD_AT + 100, 0xff);
    expect(startKernel(cpu, flatKernel())).to.deep.equal({ protocol: 'multiboot', entry: LOAD_AT + 48 });
    expect(cpu.registers.low(RAX)).to.equal(0x2bad_b002);
    expect(cpu.registers.cr0 & 0x8000_0001n).to.equal(1n);
    expect(cpu.registers.efer).to.equal(0n);
    expect(cpu.memory.read8(LOAD_AT + 100)).to.equal(0);
    expect(cpu.run(5)).to.equal('halt');
    expect(cpu.registers.rip).to.equal(BigInt(LOAD_AT + 49));
  });

  it('describes the memory and names the command line', () => {
    const cpu = create();
    startKernel(cpu, flatKernel(), 'quiet');
    const information = cpu.registers.low(RBX);
    expect(cpu.memory.read32(information + 8)).to.equal(RAM_BYTES / 1024 - 1024);
    const line = cpu.memory.read(cpu.memory.read32(information + 16), 6);
    expect(Buffer.from(line).toString('latin1')).to.equal('quiet\0');
    const map = cpu.memory.read32(information + 48);
    expect(cpu.memory.read64(map + 2 * 24 + 4)).to.equal(0x10_0000n);
    expect(cpu.memory.read64(map + 2 * 24 + 12)).to.equal(BigInt(RAM_BYTES - 0x10_0000));
  });

  it('refuses what does not fit, what covers its tables, and what asks for a screen', () => {
    expect(startKernel(create(), flatKernel({ bssBytes: RAM_BYTES }))).to.equal(
      'it does not fit into memory',
    );
    expect(startKernel(create(), flatKernel({ start: 0x9_0000 }))).to.include('the place of');
    expect(startKernel(create(), flatKernel({ flags: 0x1_0004 }))).to.include('neither');
    expect(startKernel(create(), flatKernel(), 'x'.repeat(0x10000))).to.include('command line');
  });

  it('survives every file that begins like an ELF file', () => {
    const elf = Buffer.alloc(256);
    elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
    elf.writeUInt16LE(3, 18);
    elf.writeUInt32LE(52, 28);
    elf.writeUInt16LE(32, 42);
    elf.writeUInt16LE(4, 44);
    let seed = 1;
    const cpu = create();
    for (let i = 0; i < 2000; i++) {
      const file = Buffer.from(elf);
      for (let k = 0; k < 12; k++) {
        seed = (seed * 1103515245 + 12345) & 0x7fff_ffff;
        file[52 + ((seed >> 8) % 200)] = seed >> 16;
      }
      expect(startKernel(cpu, file)).to.be.a('string');
    }
  });
});
