import { expect } from 'chai';
import { assemblyConstants } from '../constants.js';
import { imageSource } from '../code.js';
import { assemble } from './assemble.js';
import { expandSource } from './source.js';
import { assembleWithGnu, hasBinutils } from './reference.js';
import type { SourceText } from './source.js';

const source = (text: string): SourceText => ({ file: 'test', text, firstLine: 1 });
const SLOT_BYTES = 16;
const NO_CONSTANTS = new Map<string, number>();
const assembleText = (text: string) => assemble([source(text)], NO_CONSTANTS);
const bytesOf = (lines: readonly string[]) => assembleText(['.frame root', ...lines].join('\n')).bytes;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The same lines for the GNU assembler, which knows no frames. */
function forGnu(texts: readonly SourceText[]): string[] {
  return expandSource(texts, assemblyConstants).flatMap(({ text }) => {
    const [, kind, name] = /^\.(function|thread_function|mark) (.*)$/.exec(text) ?? [];
    if (name) return kind === 'thread_function' ? ['nop', `${name}:`] : [`${name}:`];
    return /^\.[a-z]+ /.test(text) ? [] : [text];
  });
}

const BASES = ['rax', 'rsp', 'rbp', 'rdi', 'r8', 'r12', 'r13', 'r15'];
const MEMORY = [
  ...BASES.flatMap((base) => [`[${base}]`, `[${base}+8]`, `[${base}-8]`, `[${base}+0x1234]`]),
  'gs:[24]',
];
const SINGLE = [
  ...MEMORY.flatMap((memory) => [
    `mov rcx, ${memory}`, `mov ${memory}, r9`, `mov ${memory}, r10d`, `mov r11d, ${memory}`, `add rax, ${memory}`,
    `cmp dword ptr ${memory}, 0`, `cmp qword ptr ${memory}, 0x2b`, `test dword ptr ${memory}, 2`, `push qword ptr ${memory}`,
    `test byte ptr ${memory}, 3`, `mov dword ptr ${memory}, 77`, `mov qword ptr ${memory}, -7`, `movzx eax, byte ptr ${memory}`,
    `lock or byte ptr ${memory}, 0`, `fxsave64 ${memory}`, `fxrstor64 ${memory}`, `xsave64 ${memory}`, `xsaveopt64 ${memory}`, `xrstor64 ${memory}`, `lgdt ${memory}`, `lidt ${memory}`, `invlpg ${memory}`,
  ]),
  'lea rsi, [rsp+4]', 'lea esi, [rdx-3]', 'mov eax, 0x12345678', 'mov r8d, 0xffffffff', 'mov rax, -14', 'mov r9, -1',
  'mov rax, 0x1122334455667788', 'mov ds, eax', 'mov eax, gs', 'mov cr3, rax', 'mov r13, cr2', 'mov cr8, r9', 'push 8', 'push -256',
  'push r12', 'pop r15', 'push rbx', 'sub rsp, 0x80', 'add rsp, 8', 'and eax, 0x254dd5', 'or eax, 0x202', 'xor r13d, r13d', 'and rcx, 0x1000',
  'cmp rax, rdx', 'cmp r14b, 3', 'cmp sil, dil', 'test ebx, ebx', 'test r11d, 0x10100', 'test eax, 0x10100', 'test rdi, r10', 'dec ecx',
  'inc r9', 'neg rax', 'not r12', 'shl rax, 4', 'shr rdx, 47', 'sar r8, 3', 'bt rax, 3', 'jmp r11', 'call rax', 'call r10',
  'cmove rax, r9', 'setne al', 'setb sil', 'movsxd rax, ecx', 'ret', 'iretq', 'retfq', 'sysretq', 'syscall', 'swapgs', 'vmcall', 'rdmsr',
  'wrmsr', 'rdtsc', 'cpuid', 'cli', 'sti', 'hlt', 'cld', 'nop', 'pause', 'int3', 'ud2', 'pushfq', 'popfq', 'mfence', 'lfence', 'fninit', 'xgetbv', 'xsetbv',
]; // prettier-ignore

describe('assembler', function () {
  const gnu = hasBinutils();

  it('encodes the whole entry code as the GNU assembler does', function () {
    if (!gnu) this.skip();
    const texts = imageSource([{ name: 'sys_test', file: 'test.ts', line: 1 }]);
    expect(hex(assemble(texts, assemblyConstants).bytes)).to.equal(hex(assembleWithGnu(forGnu(texts))));
  });

  it('encodes every instruction with low and high registers and all displacement sizes as the GNU assembler does', function () {
    if (!gnu) this.skip();
    const theirs = assembleWithGnu(SINGLE.flatMap((line) => [line, `.balign ${SLOT_BYTES}, 0`]));
    const slot = (index: number) => hex(theirs.slice(index * SLOT_BYTES, (index + 1) * SLOT_BYTES));
    const ours = SINGLE.map((line) => `${line}: ${hex(bytesOf([line])).padEnd(SLOT_BYTES * 2, '0')}`);
    const expected = SINGLE.map((line, index) => `${line}: ${slot(index)}`);
    expect(ours.filter((line, index) => line !== expected[index])).to.deep.equal([]);
  });

  it('makes a branch short when its target is 127 bytes away and near at 128', () => {
    const far = (count: number) =>
      bytesOf(['jmp 1f', '.frame root', ...Array<string>(count).fill('nop'), '1:', 'nop']);
    expect(far(127)[0]).to.equal(0xeb);
    expect(far(128)[0]).to.equal(0xe9);
  });

  it('says file and line of an instruction that does not exist', () => {
    expect(() => assembleText('.frame root\nnop\nmov eax, rbx')).to.throw(
      'test:3: mov eax, rbx: mov does not take',
    );
  });

  it('refuses a memory operand whose size nothing tells', () => {
    expect(() => bytesOf(['mov [rax], 1'])).to.throw('the size of the memory operand is not known');
  });

  it('refuses a jump to a label that is nowhere', () => {
    expect(() => bytesOf(['jmp .Lnowhere'])).to.throw('no such label: .Lnowhere');
  });

  it('refuses two ways into a label with different stack depths', () => {
    expect(() => bytesOf(['je 1f', 'push rax', '1:', 'nop'])).to.throw('different frames');
  });

  it('refuses code that no way leads to', () => {
    expect(() => bytesOf(['ret', 'nop'])).to.throw('no way leads here');
  });

  it('refuses a constant that layout.ts does not have', () => {
    expect(() => bytesOf(['mov eax, NO_SUCH'])).to.throw('unknown constant NO_SUCH');
  });
});
