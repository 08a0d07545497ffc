import { AssemblyError } from './assembly-error.js';

/** DWARF's numbers of the x86-64 registers (psABI, figure 3.36). */
export const DwarfRegister = {
  rax: 0, rdx: 1, rcx: 2, rbx: 3, rsi: 4, rdi: 5, rbp: 6, rsp: 7,
  r8: 8, r9: 9, r10: 10, r11: 11, r12: 12, r13: 13, r14: 14, r15: 15,
  rip: 16, rflags: 49, cs: 51, ss: 52,
} as const; // prettier-ignore

export type DwarfName = keyof typeof DwarfRegister;

/** Where the caller's value of a register is. */
export type Rule =
  | { readonly kind: 'offset'; readonly fromCfa: number }
  | { readonly kind: 'register'; readonly name: DwarfName }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'same' }
  | { readonly kind: 'saved'; readonly symbol: string; readonly addend: number }
  | { readonly kind: 'constant'; readonly value: number };

/** The canonical frame address: rsp plus a distance, or an address stored at a symbol. */
export type Cfa =
  | { readonly kind: 'rsp'; readonly offset: number }
  | { readonly kind: 'stored'; readonly symbol: string; readonly addend: number };

export interface FrameState {
  readonly cfa: Cfa;
  readonly rules: ReadonlyMap<DwarfName, Rule>;
  readonly signal: boolean;
}

export const sameState = (left: FrameState, right: FrameState): boolean =>
  left === right || describe(left) === describe(right);

const descriptions = new WeakMap<FrameState, string>();

function describe(state: FrameState): string {
  const known = descriptions.get(state);
  if (known !== undefined) return known;
  const description = describeAnew(state);
  descriptions.set(state, description);
  return description;
}

function describeAnew(state: FrameState): string {
  const rules = [...state.rules].map(([name, rule]) => `${name}=${JSON.stringify(rule)}`).sort();
  return `${JSON.stringify(state.cfa)} ${state.signal} ${rules.join(' ')}`;
}

const CALL_PRESERVED = new Set<string>(['rbx', 'rbp', 'r12', 'r13', 'r14', 'r15']);
const GENERAL = new Set<string>(Object.keys(DwarfRegister).slice(0, 16));

/** What pushing `operand` does: a register that has no place yet gets one. */
export function afterPush(state: FrameState, operand: string): FrameState {
  const next = moved(state, 8);
  const name = operand as DwarfName;
  const interesting = state.signal ? GENERAL.has(operand) : CALL_PRESERVED.has(operand);
  const known = state.rules.get(name);
  if (next.cfa.kind !== 'rsp' || !interesting || (known && known.kind !== 'same')) return next;
  return { ...next, rules: new Map(state.rules).set(name, { kind: 'offset', fromCfa: -next.cfa.offset }) };
}

/** What popping into `operand` does: a register popped from its place is the caller's again. */
export function afterPop(state: FrameState, operand: string): FrameState {
  const next = moved(state, -8);
  const name = operand as DwarfName;
  const rule = state.rules.get(name);
  const home = state.cfa.kind === 'rsp' && rule?.kind === 'offset' && rule.fromCfa === -state.cfa.offset;
  if (!home) return next;
  const rules = new Map(state.rules);
  rules.delete(name);
  return { ...next, rules };
}

/** What moving rsp down by `bytes` does. */
export function moved(state: FrameState, bytes: number): FrameState {
  if (state.cfa.kind !== 'rsp') throw new AssemblyError('rsp moves where the frame does not depend on it');
  return { ...state, cfa: { kind: 'rsp', offset: state.cfa.offset + bytes } };
}
