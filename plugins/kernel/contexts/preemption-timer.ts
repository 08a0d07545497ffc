import type { Ports } from '../../../core/bus/port-bus.js';

/** 8254 input clock. */
const PIT_HZ = 1_193_182;
const PIT_CHANNEL0 = 0x40;
const PIT_COMMAND = 0x43;
/** Channel 0, low then high byte, mode 0 (interrupt on terminal count), binary. */
const ONE_SHOT = 0x30;
const MAX_COUNT = 0xffff;
const NS_PER_S = 1e9;

/** One-shot timer interrupts from channel 0 of the 8254. With nothing to wait for it stays silent. */
export class PreemptionTimer {
  #armedForNs: number | undefined;

  constructor(
    private readonly ports: Ports,
    private readonly nowNs: () => number,
  ) {}

  /** The interrupt came: nothing is armed any more. */
  fired(): void {
    this.#armedForNs = undefined;
  }

  /** Asks for an interrupt at `atNs` at the latest. An earlier one that is armed already is left alone. */
  arm(atNs: number | undefined): void {
    if (atNs === undefined) return;
    const now = this.nowNs();
    const armed = this.#armedForNs;
    if (armed !== undefined && armed > now && armed <= atNs) return;
    const count = Math.ceil(((atNs - now) * PIT_HZ) / NS_PER_S);
    this.#program(Math.max(1, Math.min(MAX_COUNT, count)), now);
  }

  #program(count: number, now: number): void {
    this.ports.write8(PIT_COMMAND, ONE_SHOT);
    this.ports.write8(PIT_CHANNEL0, count & 0xff);
    this.ports.write8(PIT_CHANNEL0, count >> 8);
    this.#armedForNs = now + (count * NS_PER_S) / PIT_HZ;
  }
}
