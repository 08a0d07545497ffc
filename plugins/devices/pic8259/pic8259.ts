import { Icw1, Icw4, Ocw2, Ocw3, Port } from './registers.js';

export interface PicState {
  /** Interrupt requests latched, in service and masked: bit n is input n. */
  irr: number;
  isr: number;
  imr: number;
  /** Levels at the inputs. */
  lines: number;
  /** Inputs that ask for as long as they are high (ELCR). */
  levelTriggered: number;
  /** ICW1.LTIM: all inputs do. */
  allLevelTriggered: boolean;
  vectorBase: number;
  /** The input with the lowest priority; the next one has the highest. */
  lowest: number;
  /** Which initialization word comes next at the data port; 0 when initialized. */
  awaiting: 0 | 2 | 3 | 4;
  needsIcw4: boolean;
  single: boolean;
  /** ICW3: inputs with slaves (master), or the identity (slave). Kept for who reads it back in a snapshot. */
  cascade: number;
  autoEoi: boolean;
  rotateInAutoEoi: boolean;
  specialMask: boolean;
  fullyNested: boolean;
  readIsr: boolean;
  polling: boolean;
}

const initialState = (): PicState => ({
  irr: 0,
  isr: 0,
  imr: 0,
  lines: 0,
  levelTriggered: 0,
  allLevelTriggered: false,
  vectorBase: 0,
  lowest: 7,
  awaiting: 0,
  needsIcw4: false,
  single: false,
  cascade: 0,
  autoEoi: false,
  rotateInAutoEoi: false,
  specialMask: false,
  fullyNested: false,
  readIsr: false,
  polling: false,
});

/** The input answered when no request is left by the time of the acknowledge. */
const SPURIOUS = 7;

/** One 8259A, by the Intel datasheet. `setInt` follows its INT output. */
export class Pic8259 {
  #state: PicState;
  #int = false;

  constructor(
    private readonly setInt: (high: boolean) => void,
    carried?: PicState,
  ) {
    this.#state = carried ? { ...carried } : initialState();
    this.#update();
  }

  carry(): PicState {
    return { ...this.#state };
  }

  /** Power-on: the inputs keep their levels, everything else is forgotten. */
  reset(): void {
    const { lines } = this.#state;
    this.#state = { ...initialState(), lines };
    this.#update();
  }

  get levelTriggered(): number {
    return this.#state.levelTriggered;
  }

  /** ELCR: bit n makes input n level-triggered. */
  set levelTriggered(inputs: number) {
    this.#state.levelTriggered = inputs;
    this.#state.irr = (this.#state.irr & ~inputs) | (this.#state.lines & inputs);
    this.#update();
  }

  setLine(input: number, high: boolean): void {
    const state = this.#state;
    const bit = 1 << input;
    const rises = high && !(state.lines & bit);
    state.lines = high ? state.lines | bit : state.lines & ~bit;
    // An edge stays latched; a request whose line falls before it is taken turns spurious, as the datasheet warns.
    if (rises) state.irr |= bit;
    if (!high) state.irr &= ~bit;
    this.#update();
  }

  /** Takes the request of highest priority into service. Answers its input, 7 when there is none. */
  acknowledge(): number {
    const input = this.#pending();
    if (input < 0) return SPURIOUS;
    this.#serve(input);
    this.#update();
    return input;
  }

  vectorOf(input: number): number {
    return this.#state.vectorBase | input;
  }

  read8(offset: number): number {
    if (this.#state.polling) return this.#poll();
    if (offset === Port.DATA) return this.#state.imr;
    return this.#state.readIsr ? this.#state.isr : this.#state.irr;
  }

  write8(offset: number, value: number): void {
    if (offset === Port.DATA) this.#writeData(value);
    else if (value & Icw1.ICW1) this.#initialize(value);
    else if (value & Ocw3.OCW3) this.#writeOcw3(value);
    else this.#writeOcw2(value >> 5, value & 7);
    this.#update();
  }

  /** ICW1 clears edge latches, the mask and all modes; input 7 gets the lowest priority. */
  #initialize(icw1: number): void {
    const { lines, levelTriggered } = this.#state;
    const allLevelTriggered = (icw1 & Icw1.LTIM) !== 0;
    this.#state = {
      ...initialState(),
      lines,
      levelTriggered,
      irr: allLevelTriggered ? lines : lines & levelTriggered,
      awaiting: 2,
      needsIcw4: (icw1 & Icw1.IC4) !== 0,
      single: (icw1 & Icw1.SNGL) !== 0,
      allLevelTriggered,
    };
  }

  #writeData(value: number): void {
    const state = this.#state;
    const steps = {
      0: () => (state.imr = value),
      2: () => (state.vectorBase = value & 0xf8),
      3: () => (state.cascade = value),
      4: () => this.#writeIcw4(value),
    };
    steps[state.awaiting]();
    state.awaiting = this.#nextWord();
  }

  #nextWord(): 0 | 3 | 4 {
    const { awaiting, single, needsIcw4 } = this.#state;
    if (awaiting === 2 && !single) return 3;
    return (awaiting === 2 || awaiting === 3) && needsIcw4 ? 4 : 0;
  }

  #writeIcw4(value: number): void {
    this.#state.autoEoi = (value & Icw4.AEOI) !== 0;
    this.#state.fullyNested = (value & Icw4.SFNM) !== 0;
  }

  #writeOcw3(value: number): void {
    const state = this.#state;
    if (value & Ocw3.ESMM) state.specialMask = (value & Ocw3.SMM) !== 0;
    if (value & Ocw3.POLL) state.polling = true;
    else if (value & Ocw3.RR) state.readIsr = (value & Ocw3.RIS) !== 0;
  }

  #writeOcw2(command: number, input: number): void {
    const state = this.#state;
    const commands: Readonly<Record<number, () => void>> = {
      [Ocw2.ROTATE_IN_AEOI_CLEAR]: () => (state.rotateInAutoEoi = false),
      [Ocw2.ROTATE_IN_AEOI_SET]: () => (state.rotateInAutoEoi = true),
      [Ocw2.NONSPECIFIC_EOI]: () => this.#end(this.#highestInService()),
      [Ocw2.SPECIFIC_EOI]: () => this.#end(input),
      [Ocw2.ROTATE_ON_NONSPECIFIC_EOI]: () => this.#endAndRotate(this.#highestInService()),
      [Ocw2.ROTATE_ON_SPECIFIC_EOI]: () => this.#endAndRotate(input),
      [Ocw2.SET_PRIORITY]: () => (state.lowest = input),
    };
    commands[command]?.();
  }

  #end(input: number): void {
    if (input >= 0) this.#state.isr &= ~(1 << input);
  }

  #endAndRotate(input: number): void {
    if (input < 0) return;
    this.#end(input);
    this.#state.lowest = input;
  }

  /** The read after a poll command is an acknowledge: bit 7 says whether there was a request. */
  #poll(): number {
    this.#state.polling = false;
    const input = this.#pending();
    if (input < 0) return 0;
    this.#serve(input);
    this.#update();
    return 0x80 | input;
  }

  #serve(input: number): void {
    const state = this.#state;
    const bit = 1 << input;
    if (!(this.#levelInputs & bit)) state.irr &= ~bit;
    if (!state.autoEoi) state.isr |= bit;
    else if (state.rotateInAutoEoi) state.lowest = input;
    // INT falls with every acknowledge, so that the next request is an edge for a master.
    this.#drive(false);
  }

  get #levelInputs(): number {
    return this.#state.allLevelTriggered ? 0xff : this.#state.levelTriggered;
  }

  /** The request that may interrupt what is in service; -1 when there is none. */
  #pending(): number {
    const { irr, isr, imr, specialMask } = this.#state;
    const requests = irr & ~imr;
    if (requests === 0) return -1;
    // In special mask mode a masked input in service holds nobody back.
    const blocking = specialMask ? isr & ~imr : isr;
    for (const input of this.#byPriority()) {
      const bit = 1 << input;
      const blocks = (blocking & bit) !== 0;
      if (requests & bit && (!blocks || this.#nests(input))) return input;
      if (blocks) return -1;
    }
    return -1;
  }

  /** Special fully nested mode: a slave may interrupt again while one of its inputs is in service. */
  #nests(input: number): boolean {
    return this.#state.fullyNested && (this.#state.cascade & (1 << input)) !== 0;
  }

  #highestInService(): number {
    const { isr, imr, specialMask } = this.#state;
    const candidates = specialMask ? isr & ~imr : isr;
    for (const input of this.#byPriority()) if (candidates & (1 << input)) return input;
    return -1;
  }

  #byPriority(): readonly number[] {
    return ROTATIONS[this.#state.lowest] ?? [];
  }

  #update(): void {
    this.#drive(this.#state.awaiting === 0 && this.#pending() >= 0);
  }

  #drive(int: boolean): void {
    if (int === this.#int) return;
    this.#int = int;
    this.setInt(int);
  }
}

/** For each lowest input: all inputs, highest priority first. */
const ROTATIONS = Array.from({ length: 8 }, (_, lowest) =>
  Array.from({ length: 8 }, (_, i) => (lowest + 1 + i) % 8),
);
