/**
 * One line a form, preferred forms first: mnemonic, operand classes, bytes.
 * Classes: r/rm/m with a size in bits (m alone: any size), i8 and i32 sign-extended, i64, u32 (fits 32 bits unsigned),
 * rel8 and rel32 branch targets, sreg, cr, or a fixed register. Bytes: hex; W = REX.W; 66 = operand size; /r = ModRM with
 * register; /0../7 = ModRM with digit; +r = register in the opcode; ib, iw, id, iq = immediate. Intel SDM vol. 2.
 */
const FORMS = `
mov   rm8,r8      88 /r
mov   rm16,r16    66 89 /r
mov   rm32,r32    89 /r
mov   rm64,r64    W 89 /r
mov   r8,m8       8a /r
mov   r32,m32     8b /r
mov   r64,m64     W 8b /r
mov   r32,u32     b8 +r id
mov   rm8,u8      c6 /0 ib
mov   m32,u32     c7 /0 id
mov   rm64,i32    W c7 /0 id
mov   r64,i64     W b8 +r iq
mov   sreg,r32    8e /r
mov   r32,sreg    8c /r
mov   cr,r64      0f 22 /r
mov   r64,cr      0f 20 /r
movzx r32,rm8     0f b6 /r
movzx r32,rm16    0f b7 /r
movsxd r64,rm32   W 63 /r
lea   r64,m       W 8d /r
lea   r32,m       8d /r
push  r64         50 +r
push  i8          6a ib
push  i32         68 id
push  m64         ff /6
pop   r64         58 +r
pop   m64         8f /0
test  rm8,r8      84 /r
test  rm32,r32    85 /r
test  rm64,r64    W 85 /r
test  al,u8       a8 ib
test  eax,u32     a9 id
test  rm8,u8      f6 /0 ib
test  rm32,u32    f7 /0 id
test  rm64,i32    W f7 /0 id
inc   rm32        ff /0
inc   rm64        W ff /0
dec   rm32        ff /1
dec   rm64        W ff /1
neg   rm64        W f7 /3
not   rm64        W f7 /2
shl   rm32,u8     c1 /4 ib
shl   rm64,u8     W c1 /4 ib
shr   rm32,u8     c1 /5 ib
shr   rm64,u8     W c1 /5 ib
sar   rm64,u8     W c1 /7 ib
bt    rm64,u8     W 0f ba /4 ib
jmp   rel8        eb rel8
jmp   rel32       e9 rel32
jmp   rm64        ff /4
call  rel32       e8 rel32
call  rm64        ff /2
ret               c3
retfq             W cb
iretq             W cf
sysretq           W 0f 07
syscall           0f 05
swapgs            0f 01 f8
vmcall            0f 01 c1
lgdt  m           0f 01 /2
lidt  m           0f 01 /3
ltr   rm16        0f 00 /3
invlpg m          0f 01 /7
fxsave64 m        W 0f ae /0
fxrstor64 m       W 0f ae /1
xsave64 m         W 0f ae /4
xsaveopt64 m      W 0f ae /6
xrstor64 m        W 0f ae /5
xgetbv            0f 01 d0
xsetbv            0f 01 d1
ldmxcsr m32       0f ae /2
fninit            db e3
rdmsr             0f 32
wrmsr             0f 30
rdtsc             0f 31
cpuid             0f a2
cli               fa
sti               fb
hlt               f4
cld               fc
nop               90
pause             f3 90
int3              cc
ud2               0f 0b
pushfq            9c
popfq             9d
mfence            0f ae f0
lfence            0f ae e8
`;

const ARITHMETIC = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];
const CONDITIONS = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');
const ALIASES: Readonly<Record<string, string>> = { c: 'b', nc: 'ae', z: 'e', nz: 'ne' };

export interface Form {
  readonly mnemonic: string;
  readonly classes: readonly string[];
  readonly bytes: readonly string[];
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

function arithmeticForms(name: string, digit: number): string[] {
  const opcode = digit * 8;
  return [
    `${name} rm8,r8 ${hex(opcode)} /r`,
    `${name} rm32,r32 ${hex(opcode + 1)} /r`,
    `${name} rm64,r64 W ${hex(opcode + 1)} /r`,
    `${name} r8,m8 ${hex(opcode + 2)} /r`,
    `${name} r32,m32 ${hex(opcode + 3)} /r`,
    `${name} r64,m64 W ${hex(opcode + 3)} /r`,
    `${name} rm32,i8 83 /${digit} ib`,
    `${name} rm64,i8 W 83 /${digit} ib`,
    `${name} eax,u32 ${hex(opcode + 5)} id`,
    `${name} rax,i32 W ${hex(opcode + 5)} id`,
    `${name} al,u8 ${hex(opcode + 4)} ib`,
    `${name} rm8,u8 80 /${digit} ib`,
    `${name} rm32,u32 81 /${digit} id`,
    `${name} rm64,i32 W 81 /${digit} id`,
  ];
}

function conditionForms(condition: string, code: number): string[] {
  return [
    `j${condition} rel8 ${hex(0x70 + code)} rel8`,
    `j${condition} rel32 0f ${hex(0x80 + code)} rel32`,
    `set${condition} rm8 0f ${hex(0x90 + code)} /0`,
    `cmov${condition} r64,rm64 W 0f ${hex(0x40 + code)} /r`,
  ];
}

function allConditionForms(): string[] {
  const plain = CONDITIONS.flatMap(conditionForms);
  const aliased = Object.entries(ALIASES).flatMap(([alias, name]) =>
    conditionForms(alias, CONDITIONS.indexOf(name)),
  );
  return [...plain, ...aliased];
}

function parseForm(line: string): Form {
  const [mnemonic = '', second = '', ...rest] = line.trim().split(/\s+/);
  const noOperands = /^([0-9a-f]{2}|W)$/.test(second);
  return noOperands
    ? { mnemonic, classes: [], bytes: [second, ...rest] }
    : { mnemonic, classes: second.split(','), bytes: rest };
}

const lines = [
  ...FORMS.split('\n').filter((line) => line !== ''),
  ...ARITHMETIC.flatMap(arithmeticForms),
  ...allConditionForms(),
];

export const formsByMnemonic: ReadonlyMap<string, readonly Form[]> = groupForms(lines.map(parseForm));

function groupForms(forms: readonly Form[]): Map<string, Form[]> {
  const groups = new Map<string, Form[]>();
  for (const form of forms) groups.set(form.mnemonic, [...(groups.get(form.mnemonic) ?? []), form]);
  return groups;
}
