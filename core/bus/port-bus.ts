import type { PortSize } from '../cpu/types.js';
import { handled } from '../errors/handled.js';
import { HostError } from '../errors/host-error.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import { whenTapped } from '../hooks/untap.js';
import { Claims } from '../lifecycle/claims.js';
import type { Claim } from '../lifecycle/claims.js';
import { Scope } from '../lifecycle/scope.js';
import type { Dispose } from '../lifecycle/scope.js';
import { firstShared, floating, overlaps, ownedRanges } from './access.js';
import type { ByteRegisters, OwnedRange, Range, WideRegisters } from './access.js';

/** Either bytes only, or a handler of its own for each width (1, 2, 4). */
export type PortHandler = ByteRegisters | WideRegisters;

export interface Ports {
  /** Takes `length` ports from `base`, all or nothing. Throws PORT_TAKEN, naming the owner, or PORT_RANGE. */
  claim(base: number, length: number, handler: PortHandler): Dispose;
  /** What an `in` would read, taps included. All ones where nobody answers. */
  read(port: number, sizeBytes: PortSize): number;
  /** What an `out` would do, taps included. */
  write(port: number, sizeBytes: PortSize, value: number): void;
  read8(port: number): number;
  write8(port: number, value: number): void;
}

const PORTS = 0x10000;

export class PortBus implements Ports {
  readonly #claims = new Claims<Range, WideRegisters>({
    overlaps,
    refuse: (range, held) => new HostError('PORT_TAKEN', firstShared(range, held.where), held.scope.name),
    changed: (inForce) => this.#index(inForce),
  });
  readonly #byPort: (Claim<Range, WideRegisters> | undefined)[] = new Array(PORTS).fill(undefined);
  #inTapped = false;
  #outTapped = false;

  constructor(
    private readonly hooks: Pick<MachineHooks, 'portIn' | 'portOut'>,
    private readonly scope = new Scope('machine'),
  ) {
    whenTapped(hooks.portIn, (tapped) => (this.#inTapped = tapped));
    whenTapped(hooks.portOut, (tapped) => (this.#outTapped = tapped));
  }

  claim(base: number, length: number, handler: PortHandler): Dispose {
    return this.#claimFor(this.scope, base, length, handler);
  }

  /** The bus as a plugin sees it: its claims are made in the plugin's name and wait for its transaction. */
  inScope(scope: Scope): Ports {
    return {
      claim: (base, length, handler) => this.#claimFor(scope, base, length, handler),
      read: (port, sizeBytes) => this.read(port, sizeBytes),
      write: (port, sizeBytes, value) => this.write(port, sizeBytes, value),
      read8: (port) => this.read(port, 1),
      write8: (port, value) => this.write(port, 1, value),
    };
  }

  read(port: number, sizeBytes: PortSize): number {
    const answer = this.#inTapped ? this.hooks.portIn.get(port)?.call(sizeBytes) : undefined;
    return answer ?? this.#readClaim(port, sizeBytes);
  }

  write(port: number, sizeBytes: PortSize, value: number): void {
    if (this.#outTapped && this.hooks.portOut.get(port)?.call(sizeBytes, value)) return;
    this.#writeClaim(port, sizeBytes, value);
  }

  read8(port: number): number {
    return this.read(port, 1);
  }

  write8(port: number, value: number): void {
    this.write(port, 1, value);
  }

  /** Who holds what, by port. */
  list(): OwnedRange[] {
    return ownedRanges(this.#claims.inForce);
  }

  #claimFor(scope: Scope, base: number, length: number, handler: PortHandler): Dispose {
    if (!(base >= 0 && length > 0 && base + length <= PORTS)) throw new HostError('PORT_RANGE', base, length);
    return this.#claims.take(scope, { base, length }, widen(handler));
  }

  #index(inForce: readonly Claim<Range, WideRegisters>[]): void {
    this.#byPort.fill(undefined);
    for (const claim of inForce) {
      this.#byPort.fill(claim, claim.where.base, claim.where.base + claim.where.length);
    }
  }

  #readClaim(port: number, sizeBytes: number): number {
    const claim = this.#byPort[port];
    if (claim && fits(claim.where, port, sizeBytes)) {
      const read = () => claim.value.read(port - claim.where.base, sizeBytes);
      return handled(claim.scope.name, () => portName(port), read);
    }
    return sizeBytes === 1 ? floating(1) : this.#readBytes(port, sizeBytes);
  }

  #readBytes(port: number, sizeBytes: number): number {
    return joinBytes(sizeBytes, (i) => this.#readClaim((port + i) % PORTS, 1));
  }

  #writeClaim(port: number, sizeBytes: number, value: number): void {
    const claim = this.#byPort[port];
    if (claim && fits(claim.where, port, sizeBytes)) {
      const write = () => claim.value.write(port - claim.where.base, sizeBytes, value);
      return handled(claim.scope.name, () => portName(port), write);
    }
    if (sizeBytes === 1) return;
    splitBytes(sizeBytes, value, (i, byte) => this.#writeClaim((port + i) % PORTS, 1, byte));
  }
}

const portName = (port: number): string => `port 0x${port.toString(16)}`;

function fits(range: Range, port: number, sizeBytes: number): boolean {
  return port + sizeBytes <= range.base + range.length;
}

function widen(handler: PortHandler): WideRegisters {
  if ('read' in handler) return handler;
  return {
    read: (offset, sizeBytes) => joinBytes(sizeBytes, (i) => handler.read8(offset + i)),
    write: (offset, sizeBytes, value) =>
      splitBytes(sizeBytes, value, (i, byte) => handler.write8(offset + i, byte)),
  };
}

function joinBytes(sizeBytes: number, byteAt: (index: number) => number): number {
  let value = 0;
  for (let i = 0; i < sizeBytes; i++) value |= (byteAt(i) & 0xff) << (8 * i);
  return value >>> 0;
}

function splitBytes(sizeBytes: number, value: number, put: (index: number, byte: number) => void): void {
  for (let i = 0; i < sizeBytes; i++) put(i, (value >>> (8 * i)) & 0xff);
}
