import { State } from '../layout.js';
import { Body } from '../wasm/body.js';
import type { Label } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import type { Origin } from './deferred-flags.js';
import { PromotedState } from './promoted-state.js';

/** The body of a region's function: places of the state that meanings name are locals in it. */
export class RegionBody extends Body {
  readonly state: PromotedState = new PromotedState(this);
  /** Something that the guest can see has changed since this was last cleared. */
  changed = false;
  /** The next code is never executed, because the region has been left. */
  hasLeft = false;
  #promotes = true;

  override do(code: Expr): void {
    // Code that is never executed may take whatever it wants from the stack.
    if (this.hasLeft) return;
    if (changesGuest(code)) this.changed = true;
    super.do(this.#promotes ? this.state.promote(code) : code);
  }

  /** What is known needs no local. */
  override let(value: Expr): Expr {
    return value.constant === undefined ? super.let(value) : value;
  }

  override if(condition: Expr, then: () => void, otherwise?: () => void): void {
    if (this.hasLeft) return;
    if (condition.constant !== undefined) return condition.constant ? then() : otherwise?.();
    const { changed: before, hasLeft } = this;
    const { flags } = this.state;
    let after = before;
    const origins = new Set<Origin | undefined>();
    const arm = (build: () => void, origin = flags.origin) => {
      this.changed = before;
      flags.origin = origin;
      build();
      after ||= this.changed;
      if (!this.hasLeft) origins.add(flags.origin);
      this.hasLeft = hasLeft;
    };
    let origin: Origin | undefined;
    const first = () => {
      ({ origin } = flags);
      arm(then);
    };
    super.if(condition, first, otherwise && (() => arm(otherwise, origin)));
    this.changed = after;
    if (!otherwise) origins.add(origin);
    flags.origin = origins.size === 1 ? [...origins][0] : undefined;
  }

  override block(build: (label: Label) => void): void {
    this.#around(() => super.block(build));
  }

  override loop(build: (label: Label) => void): void {
    if (!this.hasLeft) this.state.flags.origin = undefined;
    this.#around(() => super.loop(build));
  }

  /** What comes behind a block is reached from inside it. */
  #around(build: () => void): void {
    if (this.hasLeft) return;
    const { flags } = this.state;
    const { origin } = flags;
    build();
    if (flags.origin !== origin) flags.origin = undefined;
    this.hasLeft = false;
  }

  /** Code that means the memory itself. */
  plainly(build: () => void): void {
    this.#promotes = false;
    build();
    this.#promotes = true;
  }
}

/** A store, except to buffers that are free between instructions. */
function changesGuest({ type, access }: Expr): boolean {
  if (type !== 'none') return false;
  if (!access?.value) return true;
  const { constant } = access.address;
  if (typeof constant !== 'number') return true;
  const at = constant + access.offset;
  const free = (at >= State.x87Private && at < State.vector) || at >= State.bounce;
  return !free;
}
