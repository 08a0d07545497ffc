import { AssemblyError } from './assembly-error.js';
import { afterPop, afterPush, moved, sameState } from './frame-state.js';
import { frameKind } from './frame-kinds.js';
import { isRegister } from './operand.js';
import type { FrameState } from './frame-state.js';

const ENDS = new Set(['jmp', 'ret', 'retfq', 'iretq', 'sysretq', 'ud2']);
const isBranch = (mnemonic: string) => mnemonic.startsWith('j');

/**
 * Follows where the caller's registers are from instruction to instruction, along jumps too. Two ways into a label that
 * disagree are an error, so call frame information cannot drift away from the code.
 */
export class FlowTracker {
  #state: FrameState | undefined;
  readonly #atLabel = new Map<string, FrameState>();
  readonly #defined = new Set<string>();
  readonly #steps = new Map<FrameState, Map<string, FrameState>>();
  #pending: string[] = [];

  /** The code before does not run on into what follows, unless the states agree. */
  boundary(): void {
    this.#settle();
  }

  declare(kind: string): void {
    this.#state = frameKind(kind);
  }

  label(name: string): void {
    this.#defined.add(name);
    this.#pending.push(name);
    this.#state ??= this.#atLabel.get(name);
  }

  /** The state before the instruction. */
  step(mnemonic: string, operands: readonly string[]): FrameState {
    this.#settle();
    const before = this.#state;
    if (!before) throw new AssemblyError('no way leads here: say .frame');
    const [target = ''] = operands;
    if (isBranch(mnemonic) && !isRegister(target)) this.#join(target, before);
    this.#state = ENDS.has(mnemonic) ? undefined : this.#after(before, mnemonic, operands);
    return before;
  }

  /** Every pad pushes the same: one state object serves them all. */
  #after(before: FrameState, mnemonic: string, operands: readonly string[]): FrameState {
    if (!MOVES_STACK.has(mnemonic)) return before;
    const known = this.#steps.get(before) ?? new Map<string, FrameState>();
    this.#steps.set(before, known);
    const key = `${mnemonic} ${operands.join()}`;
    const next = known.get(key) ?? after(before, mnemonic, operands);
    known.set(key, next);
    return next;
  }

  finish(): void {
    const missing = [...this.#atLabel.keys()].filter((name) => !this.#defined.has(name));
    if (missing.length > 0) throw new AssemblyError(`no such label: ${missing.join(', ')}`);
  }

  #settle(): void {
    for (const name of this.#pending) if (this.#state) this.#join(name, this.#state);
    this.#pending = [];
  }

  #join(name: string, state: FrameState): void {
    const known = this.#atLabel.get(name);
    if (known && !sameState(known, state))
      throw new AssemblyError(`two ways to ${name} with different frames`);
    this.#atLabel.set(name, state);
  }
}

const MOVES_STACK = new Set(['push', 'pop', 'pushfq', 'popfq', 'add', 'sub']);

function after(state: FrameState, mnemonic: string, operands: readonly string[]): FrameState {
  const [first = '', second = ''] = operands;
  if (mnemonic === 'push') return afterPush(state, first);
  if (mnemonic === 'pop') return afterPop(state, first);
  if (mnemonic === 'pushfq') return moved(state, 8);
  if (mnemonic === 'popfq') return moved(state, -8);
  if (first !== 'rsp' || (mnemonic !== 'add' && mnemonic !== 'sub')) return state;
  return moved(state, mnemonic === 'sub' ? Number(second) : -Number(second));
}
