import { State } from '../layout.js';
import { Body } from '../wasm/body.js';
import type { Label, Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import type { Knowledge } from './known-addresses.js';
import { KnownAddresses, PAGE_BASE } from './known-addresses.js';
import type { Origin } from './deferred-flags.js';
import { PromotedState } from './promoted-state.js';

/** The body of a region's function: places of the state that meanings name are locals in it. */
export class RegionBody extends Body {
  readonly addresses = new KnownAddresses(this);
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
    if (value.constant !== undefined || this.hasLeft)
      return value.constant === undefined ? super.let(value) : value;
    const promoted = this.#promotes ? this.state.promote(value) : value;
    const kept = super.let(promoted);
    if (kept.type !== 'i64') return kept;
    return { ...kept, numbered: this.addresses.sumOf(promoted) ?? this.addresses.fresh() };
  }

  override if(condition: Expr, then: () => void, otherwise?: () => void): void {
    if (this.hasLeft) return;
    if (condition.constant !== undefined) return condition.constant ? then() : otherwise?.();
    const { changed: before, hasLeft, addresses } = this;
    const { flags } = this.state;
    let after = before;
    const origins = new Set<Origin | undefined>();
    const ends: Knowledge[] = [];
    const arm = (build: () => void, origin: Origin | undefined, known: Knowledge) => {
      this.changed = before;
      flags.origin = origin;
      addresses.goBackTo(known);
      build();
      after ||= this.changed;
      if (!this.hasLeft) {
        origins.add(flags.origin);
        ends.push(addresses.now());
      }
      this.hasLeft = hasLeft;
    };
    let origin: Origin | undefined;
    let known!: Knowledge;
    const first = () => {
      ({ origin } = flags);
      known = addresses.now();
      arm(then, origin, known);
    };
    super.if(condition, first, otherwise && (() => arm(otherwise, origin, known)));
    this.changed = after;
    if (!otherwise) {
      origins.add(origin);
      ends.push(known);
    }
    flags.origin = origins.size === 1 ? [...origins][0] : undefined;
    addresses.meetAll(ends);
  }

  /** What is hardly ever done. */
  unless(usual: Expr, then: () => void): void {
    this.ifRarely(i32.eqz(usual), then);
  }

  override block(build: (label: Label) => void): void {
    this.#around(() => super.block(build));
  }

  override loop(build: (label: Label) => void): void {
    if (!this.hasLeft) this.knowNothing();
    this.#around(() => super.loop(build));
  }

  /** The code that follows is reached from elsewhere, too. */
  knowNothing(): void {
    this.state.flags.origin = undefined;
    this.addresses.forget();
  }

  /** What comes behind a block is reached from inside it. */
  #around(build: () => void): void {
    if (this.hasLeft) return;
    const { flags } = this.state;
    const { origin } = flags;
    const known = this.addresses.now();
    build();
    if (flags.origin !== origin) flags.origin = undefined;
    this.addresses.meet(known);
    this.hasLeft = false;
  }

  /** The linear address of the region's first page, which does not change. */
  pageBase(local: Local): Expr {
    return { ...this.get(local), numbered: PAGE_BASE };
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
