import { state32, toState32 } from '../emitter/emitter.js';
import type { Emitter } from '../emitter/emitter.js';
import { State } from '../layout.js';
import type { Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import { FloatContracts } from './float-contracts.js';
import type { FloatFrame } from './float-shortcuts.js';
import { COMPARISON, FloatShortcuts } from './float-shortcuts.js';
import { KnownNumbers } from './known-numbers.js';
import { PLAIN } from './plain-float.js';
import type { RegionBody } from './region-body.js';
import type { RegionFlow } from './region-flow.js';
import type { Region } from './region.js';
import { gainsByPlainFloat, VectorShortcuts } from './vector-shortcuts.js';

/** One of so many numbers that regions were not made for leads to making one of them again. */
const STRAYS_TO_TELL = 64;

/** The ways out of a region. */
export interface FloatExits {
  exitBefore(condition?: Expr): void;
  exitAtBlock(number: number): void;
}

type Refuse = (condition: Expr, before?: () => void) => void;

/** What a region does with SSE and AVX numbers beyond the meanings of their rows. */
export class FloatRegion implements FloatFrame {
  readonly isNarrow: boolean;
  readonly #known = new KnownNumbers();
  readonly #scalars: FloatShortcuts;
  readonly #vectors: VectorShortcuts;
  readonly #contracts: FloatContracts;
  /** 1 when the region is left by a stray number. */
  readonly #strayed: Local;
  #needsPlain = false;

  constructor(
    private readonly body: RegionBody,
    private readonly region: Region,
    private readonly exits: FloatExits,
  ) {
    this.isNarrow = region.isPlainFloat && !region.isWide;
    this.#scalars = new FloatShortcuts(body, this.#known, this);
    this.#vectors = new VectorShortcuts(body, this.#known, this);
    this.#contracts = new FloatContracts(body, this.#known, this.#scalars.lanes);
    this.#strayed = body.local('i32');
    body.state.vectorWritten = (offset) => {
      this.#known.written(offset);
      this.#scalars.lanes.written(offset);
    };
  }

  /** Heads of loops, and what a switch leads to, are begun before all that leads to them is known. */
  makeContracts(flow: RegionFlow): void {
    const { blocks, direct, nesting, predecessors } = flow;
    const isSwitch = (number: number) => flow.blockOf(number) === undefined;
    const isOpen = (number: number) =>
      nesting[number]?.isLoop === true || predecessors[number]!.some(isSwitch);
    if (this.isNarrow) this.#contracts.make(blocks, direct, isOpen);
  }

  /** Emits the instruction, or says no where only its meaning will do. */
  emit(e: Emitter): boolean {
    if (!this.region.isPlainFloat) return false;
    const done = this.#scalars.emit(e) || this.#vectors.emit(e);
    const { name } = e.form.row;
    if (done && (gainsByPlainFloat(name) || COMPARISON.test(name))) this.#needsPlain = true;
    return done;
  }

  begin(block: number, predecessors: readonly number[]): void {
    this.#contracts.begin(block, predecessors);
  }

  end(block: number): void {
    this.#contracts.end(block);
  }

  /** Leaves in front of a block whose numbers are not what it takes for granted. */
  fulfil(block: number): void {
    this.#contracts.fulfil(block, (condition) =>
      this.body.if(condition, () => {
        this.body.set(this.#strayed, i32.const(1));
        this.exits.exitAtBlock(block);
      }),
    );
  }

  exit(condition: Expr): void {
    this.exits.exitBefore(condition);
  }

  stray(condition: Expr): void {
    this.body.if(condition, () => {
      this.body.set(this.#strayed, i32.const(1));
      this.exits.exitBefore();
    });
  }

  /** Does nothing unless everything is as it was when the region was made. */
  enter(refuse: Refuse): void {
    const { region, body } = this;
    const control = i32.and(state32(State.mxcsr), i32.const(PLAIN.mask));
    if (this.#needsPlain) {
      const refuseStray = (condition: Expr) => refuse(condition, () => this.#tellStray());
      refuseStray(i32.ne(control, i32.const(PLAIN.value)));
      this.#contracts.enter(refuseStray);
    } else if (!region.isPlainFloat && gains(region)) {
      // Where MXCSR has become plain, the region could be quicker.
      body.if(i32.eq(control, i32.const(PLAIN.value)), () => this.#tell());
    }
  }

  leave(): void {
    if (this.isNarrow) this.body.unless(i32.eqz(this.body.get(this.#strayed)), () => this.#tellStray());
  }

  /** Many strays in a row are this region's; of few nobody is told. */
  #tellStray(): void {
    const { body } = this;
    const strays = body.let(i32.add(state32(State.strays), i32.const(1)));
    body.do(toState32(State.strays, strays));
    body.if(i32.eqz(i32.and(strays, i32.const(STRAYS_TO_TELL - 1))), () => this.#tell());
  }

  #tell(): void {
    this.body.do(toState32(State.outgrown, i32.const(this.region.number)));
  }
}

const gains = ({ blocks }: Region): boolean =>
  blocks.some(({ instructions }) => instructions.some(({ form }) => gainsByPlainFloat(form.row.name)));
