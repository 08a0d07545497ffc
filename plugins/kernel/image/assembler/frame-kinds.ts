import { FrameLayout, PercpuLayout, Selector } from '../layout.js';
import { AssemblyError } from './assembly-error.js';
import type { DwarfName, FrameState, Rule } from './frame-state.js';

const offsetRule = (fromCfa: number): Rule => ({ kind: 'offset', fromCfa });

/** What the CPU pushes: ss, rsp, rflags, cs, rip. */
const TRAP_RULES: readonly [DwarfName, Rule][] = (['rip', 'cs', 'rflags', 'rsp', 'ss'] as const).map(
  (name) => [name, offsetRule(FrameLayout[name] - FrameLayout.sizeBytes)],
);

const GENERAL_NAMES = (
  'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rsi rdi rdx rcx rax'.split(' ') as (keyof typeof FrameLayout &
    DwarfName)[]
).map((name): [DwarfName, Rule] => [name, offsetRule(FrameLayout[name] - FrameLayout.sizeBytes)]);

const USER_SELECTORS: readonly [DwarfName, Rule][] = [
  ['cs', { kind: 'constant', value: Selector.userCode }],
  ['ss', { kind: 'constant', value: Selector.userData }],
];

const savedAt = (addend: number): Rule => ({ kind: 'saved', symbol: 'percpu', addend });

const signal = (cfaOffset: number, rules: Iterable<[DwarfName, Rule]>): FrameState => ({
  cfa: { kind: 'rsp', offset: cfaOffset },
  rules: new Map(rules),
  signal: true,
});

const SYSCALL_RULES: readonly [DwarfName, Rule][] = [
  ['rip', { kind: 'register', name: 'rcx' }],
  ['rflags', { kind: 'register', name: 'r11' }],
  ...USER_SELECTORS,
];

/** The states that `.frame` can name. Between them the assembler follows push, pop, add and sub by itself. */
const KINDS: Readonly<Record<string, FrameState>> = {
  /** At the entry of an ordinary function. */
  call: { cfa: { kind: 'rsp', offset: 8 }, rules: new Map([['rip', offsetRule(-8)]]), signal: false },
  /** Nobody called: the backtrace ends. */
  root: { cfa: { kind: 'rsp', offset: 0 }, rules: new Map([['rip', { kind: 'undefined' }]]), signal: false },
  /** At the entry of an interrupt or exception without, and with, an error code. */
  trap: signal(FrameLayout.sizeBytes - FrameLayout.rip, TRAP_RULES),
  trap_error: signal(FrameLayout.sizeBytes - FrameLayout.origRax, TRAP_RULES),
  /** As above, and rax already pushed. */
  trap_rax: signal(FrameLayout.sizeBytes - FrameLayout.rax, [
    ...TRAP_RULES,
    ['rax', offsetRule(FrameLayout.rax - FrameLayout.sizeBytes)],
  ]),
  /** rsp points to a complete frame. */
  saved: signal(FrameLayout.sizeBytes, [...TRAP_RULES, ...GENERAL_NAMES]),
  /** After `syscall`, and before `sysretq`: still on the user's stack. */
  syscall: {
    cfa: { kind: 'stored', symbol: 'percpu', addend: PercpuLayout.kernelStackTop },
    rules: new Map([...SYSCALL_RULES, ['rsp', { kind: 'same' }]]),
    signal: true,
  },
  /** The same, on the empty kernel stack. */
  syscall_stack: signal(0, [...SYSCALL_RULES, ['rsp', savedAt(PercpuLayout.userRsp)]]),
};

export function frameKind(name: string): FrameState {
  const state = KINDS[name];
  if (!state) throw new AssemblyError(`no frame kind ${name}`);
  return state;
}
