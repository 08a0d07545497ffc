import { handled } from '../errors/handled.js';
import { HostError } from '../errors/host-error.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import { whenTapped } from '../hooks/untap.js';
import { Claims } from '../lifecycle/claims.js';
import { Scope } from '../lifecycle/scope.js';
import type { Dispose } from '../lifecycle/scope.js';

const IRQ_LINES = 16;

/** What turns line levels into one request to the CPU, such as a pair of 8259s. */
export interface InterruptController {
  lineChange(line: number, high: boolean): void;
  /** The CPU takes the interrupt: its vector. */
  acknowledge(): number;
}

export interface Irq {
  /** Drives line 0..15. A line is high while anybody drives it high. Throws IRQ_LINE. */
  set(line: number, high: boolean): void;
  level(line: number): boolean;
  /** Becomes the one who hears of lines; is told at once of those that are high. Throws CONTROLLER_TAKEN. */
  claimController(controller: InterruptController): Dispose;
  /** The controller's output to the CPU. Nobody else is heard. */
  request(high: boolean): void;
}

interface Driver {
  readonly scope: Scope;
  /** False until the transaction of its scope has committed. */
  live: boolean;
  /** Bit n: drives line n high. */
  levels: number;
}

export class IrqLines implements Irq {
  readonly #controllers = new Claims<'lines', InterruptController>({
    overlaps: () => true,
    refuse: (_where, held) => new HostError('CONTROLLER_TAKEN', held.scope.name),
    changed: () => this.#controllerChanged(),
  });
  readonly #drivers = new Map<Scope, Driver>();
  readonly #requests = new WeakMap<Scope, boolean>();
  readonly #own: Irq;
  #levels = 0;
  #tapped = false;
  #requested = false;

  constructor(
    private readonly hooks: Pick<MachineHooks, 'lineChange'>,
    private readonly toCpu: (high: boolean) => void,
    scope = new Scope('machine'),
  ) {
    whenTapped(hooks.lineChange, (tapped) => (this.#tapped = tapped));
    this.#own = this.inScope(scope);
  }

  set(line: number, high: boolean): void {
    this.#own.set(line, high);
  }

  level(line: number): boolean {
    return (this.#levels & (1 << line)) !== 0;
  }

  claimController(controller: InterruptController): Dispose {
    return this.#own.claimController(controller);
  }

  request(high: boolean): void {
    this.#own.request(high);
  }

  /** The lines as a plugin sees them: what it drives is let go with its scope and waits for its transaction. */
  inScope(scope: Scope): Irq {
    return {
      set: (line, high) => this.#drive(scope, line, high),
      level: (line) => this.level(line),
      claimController: (controller) => this.#controllers.take(scope, 'lines', controller),
      request: (high) => this.#request(scope, high),
    };
  }

  acknowledge(): number {
    const claim = this.#controllers.inForce[0];
    if (!claim) return 0xff;
    return (
      handled(
        claim.scope.name,
        () => 'acknowledge',
        () => claim.value.acknowledge(),
      ) & 0xff
    );
  }

  /** Level and drivers of each line, for tables. */
  list(): { line: number; high: boolean; drivenBy: string[] }[] {
    return Array.from({ length: IRQ_LINES }, (_, line) => ({
      line,
      high: this.level(line),
      drivenBy: this.#driversOf(line),
    }));
  }

  #driversOf(line: number): string[] {
    const live = [...this.#drivers.values()].filter(
      ({ live: isLive, levels }) => isLive && levels & (1 << line),
    );
    return live.map(({ scope }) => scope.name);
  }

  #drive(scope: Scope, line: number, high: boolean): void {
    if (!(line >= 0 && line < IRQ_LINES)) throw new HostError('IRQ_LINE', line);
    const driver = this.#drivers.get(scope) ?? this.#addDriver(scope);
    driver.levels = high ? driver.levels | (1 << line) : driver.levels & ~(1 << line);
    if (driver.live) this.#settle();
  }

  #addDriver(scope: Scope): Driver {
    const driver = { scope, live: false, levels: 0 };
    scope.use('interrupt lines', () => {
      this.#drivers.set(scope, driver);
      return () => {
        this.#drivers.delete(scope);
        this.#settle();
      };
    });
    scope.whenLive(() => {
      driver.live = true;
      this.#settle();
    });
    return driver;
  }

  /** Brings the levels to what the drivers say, and tells of each line that differs. */
  #settle(): void {
    let levels = 0;
    for (const driver of this.#drivers.values()) if (driver.live) levels |= driver.levels;
    const changed = levels ^ this.#levels;
    this.#levels = levels;
    for (let line = 0; changed >>> line; line++) {
      if (changed & (1 << line)) this.#tell(line, (levels & (1 << line)) !== 0);
    }
  }

  #tell(line: number, high: boolean): void {
    if (this.#tapped && this.hooks.lineChange.call(line, high)) return;
    const claim = this.#controllers.inForce[0];
    if (claim)
      handled(
        claim.scope.name,
        () => `line ${line}`,
        () => claim.value.lineChange(line, high),
      );
  }

  #request(scope: Scope, high: boolean): void {
    this.#requests.set(scope, high);
    this.#updateCpu();
  }

  #controllerChanged(): void {
    const claim = this.#controllers.inForce[0];
    for (let line = 0; claim && line < IRQ_LINES; line++) {
      if (this.level(line))
        handled(
          claim.scope.name,
          () => `line ${line}`,
          () => claim.value.lineChange(line, true),
        );
    }
    this.#updateCpu();
  }

  #updateCpu(): void {
    const claim = this.#controllers.inForce[0];
    const high = claim ? (this.#requests.get(claim.scope) ?? false) : false;
    if (high === this.#requested) return;
    this.#requested = high;
    this.toCpu(high);
  }
}
