import { handled } from '../errors/handled.js';
import { HostError } from '../errors/host-error.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import { whenTapped } from '../hooks/untap.js';
import { Claims } from '../lifecycle/claims.js';
import type { Claim } from '../lifecycle/claims.js';
import { Scope } from '../lifecycle/scope.js';
import type { Dispose } from '../lifecycle/scope.js';
import { firstShared, overlaps, ownedRanges } from './access.js';
import type { OwnedRange, Range } from './access.js';

/** Registers in memory. Offsets count from the claim's base; sizes are 1, 2, 4 or 8 bytes. */
export interface MmioHandler {
  read(offset: number, sizeBytes: number): number | bigint;
  write(offset: number, sizeBytes: number, value: bigint): void;
}

export interface Mmio {
  /** Takes a physical range outside RAM. Throws MEMORY_TAKEN, naming the owner, or MEMORY_RANGE. */
  claim(base: number, length: number, handler: MmioHandler): Dispose;
}

const PHYSICAL_END = 2 ** 52;

/** The physical memory map: RAM from 0, and above it whoever claims a range. */
export class MmioBus implements Mmio {
  readonly #claims: Claims<Range, MmioHandler>;
  #sorted: readonly Claim<Range, MmioHandler>[] = [];
  #readTapped = false;
  #writeTapped = false;

  constructor(
    private readonly hooks: Pick<MachineHooks, 'mmioRead' | 'mmioWrite'>,
    private readonly ramBytes = 0,
    private readonly scope = new Scope('machine'),
  ) {
    this.#claims = new Claims<Range, MmioHandler>({
      overlaps,
      refuse: (range, held) => new HostError('MEMORY_TAKEN', firstShared(range, held.where), held.scope.name),
      changed: (inForce) => (this.#sorted = inForce.toSorted((a, b) => a.where.base - b.where.base)),
    });
    whenTapped(hooks.mmioRead, (tapped) => (this.#readTapped = tapped));
    whenTapped(hooks.mmioWrite, (tapped) => (this.#writeTapped = tapped));
  }

  claim(base: number, length: number, handler: MmioHandler): Dispose {
    return this.#claimFor(this.scope, base, length, handler);
  }

  /** The map as a plugin sees it: its claims are made in the plugin's name and wait for its transaction. */
  inScope(scope: Scope): Mmio {
    return { claim: (base, length, handler) => this.#claimFor(scope, base, length, handler) };
  }

  /** All ones where nobody answers. An access that straddles two owners is split into bytes. */
  read(physical: number, sizeBytes: number): bigint {
    const answer = this.#readTapped ? this.hooks.mmioRead.call(physical, sizeBytes) : undefined;
    return BigInt.asUintN(
      8 * sizeBytes,
      answer === undefined ? this.#readClaim(physical, sizeBytes) : BigInt(answer),
    );
  }

  write(physical: number, sizeBytes: number, value: bigint): void {
    if (this.#writeTapped && this.hooks.mmioWrite.call(physical, sizeBytes, value)) return;
    this.#writeClaim(physical, sizeBytes, value);
  }

  /** RAM and who holds what, by address. */
  list(): OwnedRange[] {
    const owned = ownedRanges(this.#sorted);
    return this.ramBytes > 0 ? [{ base: 0, length: this.ramBytes, owner: 'ram' }, ...owned] : owned;
  }

  #claimFor(scope: Scope, base: number, length: number, handler: MmioHandler): Dispose {
    const whole = Number.isInteger(base) && Number.isInteger(length);
    if (!whole || base < 0 || length <= 0 || base + length > PHYSICAL_END) {
      throw new HostError('MEMORY_RANGE', base, length);
    }
    if (base < this.ramBytes) throw new HostError('MEMORY_TAKEN', base, 'ram');
    return this.#claims.take(scope, { base, length }, handler);
  }

  #readClaim(physical: number, sizeBytes: number): bigint {
    const claim = this.#at(physical);
    if (claim && physical + sizeBytes <= claim.where.base + claim.where.length) {
      const read = () => BigInt(claim.value.read(physical - claim.where.base, sizeBytes));
      return handled(claim.scope.name, () => addressName(physical), read);
    }
    return sizeBytes === 1 ? 0xffn : this.#readBytes(physical, sizeBytes);
  }

  #readBytes(physical: number, sizeBytes: number): bigint {
    let value = 0n;
    for (let i = sizeBytes - 1; i >= 0; i--)
      value = (value << 8n) | (this.#readClaim(physical + i, 1) & 0xffn);
    return value;
  }

  #writeClaim(physical: number, sizeBytes: number, value: bigint): void {
    const claim = this.#at(physical);
    if (claim && physical + sizeBytes <= claim.where.base + claim.where.length) {
      const write = () => claim.value.write(physical - claim.where.base, sizeBytes, value);
      return handled(claim.scope.name, () => addressName(physical), write);
    }
    if (sizeBytes === 1) return;
    for (let i = 0; i < sizeBytes; i++) this.#writeClaim(physical + i, 1, (value >> BigInt(8 * i)) & 0xffn);
  }

  #at(physical: number): Claim<Range, MmioHandler> | undefined {
    return this.#sorted.find(({ where }) => physical >= where.base && physical < where.base + where.length);
  }
}

const addressName = (physical: number): string => `physical 0x${physical.toString(16)}`;
