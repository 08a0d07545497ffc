import { GuestFault } from './guest-fault.js';
import { State } from './layout.js';
import type { CpuState } from './state.js';

/**
 * Around the functions that generated code calls, since nothing may unwind through it: a fault of the guest is recorded in the state,
 * an error of the host is kept until `rethrow`.
 */
export class Guard {
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly state: CpuState) {}

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** The same function; it answers `failed` where it would throw. */
  around<Args extends unknown[], Answer>(action: (...args: Args) => Answer, failed: Answer) {
    return (...args: Args): Answer => {
      try {
        return action(...args);
      } catch (error) {
        return this.caught(error, failed);
      }
    };
  }

  /** The same for a function that catches by itself, which V8 optimises better. */
  caught<Answer>(error: unknown, failed: Answer): Answer {
    if (error instanceof GuestFault) this.record(error);
    else this.#fail(error);
    return failed;
  }

  rethrow(): void {
    if (!this.#failure) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  /** What the faulting instruction ends with. */
  record({ vector, code, address }: GuestFault): void {
    this.state.set32(State.exceptionVector, vector);
    this.state.set32(State.exceptionCode, code);
    this.state.set64(State.exceptionAddress, address);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.state.set32(State.attention, 1);
  }
}
