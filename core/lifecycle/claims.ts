import type { HostError } from '../errors/host-error.js';
import type { Dispose, Scope } from './scope.js';

export interface Claim<Where, Value> {
  readonly scope: Scope;
  readonly where: Where;
  readonly value: Value;
}

export interface ClaimRules<Where, Value> {
  overlaps(a: Where, b: Where): boolean;
  refuse(where: Where, held: Claim<Where, Value>): HostError;
  /** The claims in force have changed: rebuild what looks them up fast. */
  changed?(inForce: readonly Claim<Where, Value>[]): void;
}

/** Who holds what. A second owner is refused; a successor's claims wait until its transaction commits. */
export class Claims<Where, Value> {
  #inForce: readonly Claim<Where, Value>[] = [];
  #reserved: readonly Claim<Where, Value>[] = [];

  constructor(private readonly rules: ClaimRules<Where, Value>) {}

  get inForce(): readonly Claim<Where, Value>[] {
    return this.#inForce;
  }

  /** All or nothing. Throws what `refuse` answers when somebody who stays holds part of it. */
  take(scope: Scope, where: Where, value: Value): Dispose {
    const claim = { scope, where, value };
    this.#check(claim);
    if (scope.staged) this.#reserve(claim);
    else this.#enforce(claim);
    return () => this.#release(claim);
  }

  /** As seen by `viewer`: what its own transaction has reserved comes before what is in force. */
  find(matches: (where: Where) => boolean, viewer?: Scope): Value | undefined {
    const own =
      viewer && this.#reserved.find((claim) => claim.scope.stage === viewer.stage && matches(claim.where));
    return (own ?? this.#inForce.find((claim) => matches(claim.where)))?.value;
  }

  #check(claim: Claim<Where, Value>): void {
    const held = [...this.#inForce, ...this.#reserved].find(
      (other) => this.rules.overlaps(other.where, claim.where) && !isReplaced(other, claim),
    );
    if (held) throw this.rules.refuse(claim.where, held);
  }

  #reserve(claim: Claim<Where, Value>): void {
    this.#reserved = [...this.#reserved, claim];
    claim.scope.stage?.onCommit(() => {
      if (!this.#reserved.includes(claim)) return;
      this.#reserved = without(this.#reserved, claim);
      this.#enforce(claim);
    });
  }

  #enforce(claim: Claim<Where, Value>): void {
    const others = this.#inForce.filter((other) => !this.rules.overlaps(other.where, claim.where));
    this.#inForce = [...others, claim];
    this.rules.changed?.(this.#inForce);
  }

  #release(claim: Claim<Where, Value>): void {
    this.#reserved = without(this.#reserved, claim);
    if (!this.#inForce.includes(claim)) return;
    this.#inForce = without(this.#inForce, claim);
    this.rules.changed?.(this.#inForce);
  }
}

function isReplaced<Where, Value>(held: Claim<Where, Value>, by: Claim<Where, Value>): boolean {
  return by.scope.staged && (by.scope.stage?.replaces.has(held.scope) ?? false);
}

function without<T>(list: readonly T[], item: T): readonly T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : list;
}
