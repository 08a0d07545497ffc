import { expect } from 'chai';
import { bytesOf } from '../cpu/testing/bench.js';
import { coverage } from './coverage.js';
import { Decoder } from './decoder.js';
import type { Mode } from './instruction.js';
import { disassemble } from './disassemble.js';
import { loadRows } from './rows/index.js';

const rowSet = loadRows();
const decoder = new Decoder(rowSet.rows);
const decode = (hex: string, mode: Mode = 64) => decoder.decode(bytesOf(hex), 0, bytesOf(hex).length, mode);
const text = (hex: string, rip?: bigint, mode: Mode = 64) => {
  const decoded = decode(hex, mode);
  return typeof decoded === 'string' ? decoded : disassemble(decoded, rip === undefined ? {} : { rip });
};

describe('decoder and disassembler', () => {
  const cases: [string, string][] = [
    ['48 8b 44 cb 10', 'mov rax, qword [rbx+rcx*8+0x10]'],
    ['64 48 8b 04 25 28 00 00 00', 'mov rax, qword [fs:0x28]'],
    ['40 88 ec', 'mov spl, bpl'],
    ['88 ec', 'mov ah, ch'],
    ['f0 48 0f b1 0f', 'lock cmpxchg qword [rdi], rcx'],
    ['f3 48 a5', 'rep movsq'],
    ['67 8b 00', 'mov eax, dword [eax]'],
    ['48 8d 05 f9 ff ff ff', 'lea rax, [rip-0x7]'],
    ['41 90', 'xchg r8d, eax'],
    ['66 90', 'nop'],
    ['f3 90', 'pause'],
    ['48 63 c7', 'movsxd rax, edi'],
    ['f3 41 90', 'pause'],
    ['0f ae ed', 'lfence'],
    ['f3 0f bc c1', 'tzcnt eax, ecx'],
    ['f2 0f bc c1', 'bsf eax, ecx'],
    ['66 f3 0f bd c1', 'lzcnt ax, cx'],
    ['0f 20 00', 'mov rax, cr0'],
  ];
  for (const [bytes, expected] of cases)
    it(`${bytes} is ${expected}`, () => expect(text(bytes)).to.equal(expected));

  const elsewhere: [Mode, string, string][] = [
    [32, '40', 'inc eax'],
    [32, '66 4f', 'dec di'],
    [16, '4f', 'dec di'],
    [32, '8b 05 78 56 34 12', 'mov eax, dword [0x12345678]'],
    [32, '67 8b 40 10', 'mov eax, dword [bx+si+0x10]'],
    [16, '8b 46 fe', 'mov ax, word [bp-0x2]'],
    [16, '67 66 8b 04 48', 'mov eax, dword [eax+ecx*2]'],
    [32, 'c4 03', 'les eax, [ebx]'],
    [32, 'c5 f8 28 c1', 'vmovaps xmm0, xmm1'],
    [32, '63 d8', 'arpl ax, bx'],
    [32, 'ea 78 56 34 12 08 00', 'jmpf 0x8:0x12345678'],
    [16, 'e8 00 80', 'call $-0x7ffd'],
    [32, '0f 20 c0', 'mov eax, cr0'],
    [32, '26 a1 00 10 00 00', 'mov eax, [es:0x1000]'],
    [32, '82 c0 01', 'add al, 1'],
  ];
  for (const [mode, bytes, expected] of elsewhere)
    it(`${bytes} is ${expected} in ${mode}-bit code`, () =>
      expect(text(bytes, undefined, mode)).to.equal(expected));

  it('shows targets as addresses when it knows where the instruction is', () => {
    expect(text('e8 fb ff ff ff', 0x401000n)).to.equal('call 0x401000');
    expect(text('48 8b 05 00 10 00 00', 0x401000n)).to.equal('mov rax, qword [0x402007]');
  });

  it('forgets a REX prefix that other prefixes follow', () =>
    expect(text('48 66 01 d8')).to.equal('add ax, bx'));
  it('asks for more bytes', () => expect(decode('48 8b')).to.equal('truncated'));
  it('refuses lock on a register', () => expect(decode('f0 01 d8')).to.equal('undefined'));
  it('refuses lock on a row that does not allow it', () => expect(decode('f0 8b 03')).to.equal('undefined'));
  it('refuses what is longer than 15 bytes', () =>
    expect(decode('66 '.repeat(15) + '90')).to.equal('tooLong'));
  it('counts the bytes before it looks whether the prefixes fit', () => {
    const withTail = (prefixes: number) =>
      decode(`f2 ${'66 '.repeat(prefixes)}0f 3a 40 34 25 d9 f8 08 00 0a`);
    expect(withTail(4)).to.equal('undefined');
    expect(withTail(5)).to.equal('tooLong');
  });
  for (const [name, hex] of [
    ['monitor', '0f 01 c8'],
    ['mwait', '0f 01 c9'],
    ['sysenter', '0f 34'],
    ['xbegin', 'c7 f8 00 00 00 00'],
    ['into', 'ce'],
    ['lock xchg of registers', 'f0 87 c8'],
    ['lock bt', 'f0 0f a3 03'],
    ['lock mov cr0', 'f0 0f 22 c0'],
    ['movbe behind f3', 'f3 0f 38 f0 03'],
    ['rdrand behind f2', 'f2 0f c7 f0'],
    ['aesenc without 66', '0f 38 dc c1'],
  ] as const)
    it(`refuses ${name}`, () => expect(decode(hex)).to.equal('undefined'));
  it('refuses what no row describes', () => expect(decode('0f 04')).to.equal('undefined'));

  it('gives every row a name and an encoding of its own', () => {
    const names = rowSet.rows.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    const keys = rowSet.rows.map(
      ({ encoding, variants, modes }) => `${encoding} ${variants.join()} ${modes}`,
    );
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).to.deep.equal([]);
  });

  it('counts what is built', () => {
    const families = coverage(rowSet);
    expect(families.map(({ family }) => family)).to.include.members(['arith', 'string', 'system']);
    expect(families.find(({ family }) => family === 'arith')?.mnemonics).to.include.members([
      'add',
      'cmp',
      'neg',
    ]);
  });
});
