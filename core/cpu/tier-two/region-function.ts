import { codeTlbEntry } from '../emitter/record-emitter.js';
import type { HelperImports } from '../emitter/record-emitter.js';
import { state32, state64, toState32, toState64 } from '../emitter/emitter.js';
import { UNIT_OFF } from '../emitter/prelude.js';
import { CODE_TLB, LeftBy, Slot, State } from '../layout.js';
import type { Label, Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { FloatRegion } from './float-region.js';
import { NotPromotable } from './promoted-state.js';
import { RegionBody } from './region-body.js';
import type { RegionFrame } from './region-emitter.js';
import { RegionEmitter } from './region-emitter.js';
import type { Origin } from './deferred-flags.js';
import type { Region, RegionBlock, RegionInstruction, RegionPage } from './region.js';
import { GIVEN_BACK_BITS, MOST_INSTRUCTIONS_A_BLOCK } from './region.js';
import { RegionFlow } from './region-flow.js';
import { emitX87, loadsControl } from './x87-shortcuts.js';
import { X87Stack } from './x87-stack.js';

const FARTHEST = 2 ** (31 - GIVEN_BACK_BITS);
/** So many places are compared one after the other. */
const LINEAR_SEARCH = 2;

/**
 * (budget) => budget left, with rip in the state. When the budget comes back whole, nothing has been done, and tier 1 has to do the
 * next instruction.
 */
export function regionFunction(region: Region, helpers: HelperImports): Generator<void, RegionBody> {
  return new RegionFunction(region, helpers).build();
}

type Unit = keyof typeof UNIT_OFF;

class RegionFunction implements RegionFrame {
  readonly #body = new RegionBody(['i32']);
  readonly base: Local = this.#body.local('i64');
  readonly #left: Local = this.#body.parameter(0);
  /** Place times 256, plus how many instructions were taken from the budget that were not done. */
  readonly #exitCode: Local = this.#body.local('i32');
  /** A `LeftBy`. */
  readonly #by: Local = this.#body.local('i32');
  readonly #target: Local = this.#body.local('i64');
  readonly #flow: RegionFlow;
  readonly #units = new Set<Unit>();
  readonly #floats: FloatRegion;
  readonly tlb: number;
  readonly walks: boolean;
  readonly #x87: X87Stack | undefined;
  #static: Label = 0;
  #dynamic: Label = 0;
  /** By block or switch. */
  readonly #labels = new Map<number, Label>();
  /** By switch: which of the blocks that it leads to is meant. */
  readonly #choices = new Map<number, Local>();
  /** The block under construction. */
  #number = 0;
  /** The instruction under construction, and how many of its block were counted with it and behind it. */
  #instruction!: RegionInstruction;
  #uncounted = 0;
  /** By block that is done, how it leaves the flags. */
  readonly #origins = new Map<number, Origin | undefined>();

  constructor(
    private readonly region: Region,
    readonly helpers: HelperImports,
  ) {
    this.tlb = region.tlb;
    this.walks = region.walks;
    this.#body.state.keepsControl = region.isPlainFloat;
    this.#floats = new FloatRegion(this.#body, region, this);
    this.#x87 = region.x87 && new X87Stack(this.#body, region.x87, loadsControl(rowsOf(region)));
    this.#flow = new RegionFlow(region);
  }

  /** Whoever asks for this may do something else wherever it yields. */
  *build(): Generator<void, RegionBody> {
    const body = this.#body;
    body.set(this.#by, i32.const(LeftBy.indirect));
    [this.#dynamic, this.#static] = [body.open(), body.open()];
    this.#floats.makeContracts(this.#flow);
    yield* this.#nested(0);
    body.close();
    body.hasLeft = false;
    this.#toExit();
    body.close();
    body.knowNothing();
    body.state.flags.settleAtEnd();
    body.plainly(() => {
      body.state.storeAll();
      this.#x87?.leave();
      body.do(toState64(State.rip, body.get(this.#target)));
      body.do(toState32(State.leftBy, body.get(this.#by)));
      this.#floats.leave();
    });
    body.do(body.get(this.#left));
    body.inFront(() => body.plainly(() => this.#enter()));
    return body;
  }

  #toExit(): void {
    const body = this.#body;
    const code = body.get(this.#exitCode);
    body.set(this.#target, this.#address(i64.extendS(i32.shrS(code, i32.const(GIVEN_BACK_BITS)))));
    const givenBack = i32.and(code, i32.const(MOST_INSTRUCTIONS_A_BLOCK));
    body.set(this.#left, i32.add(body.get(this.#left), givenBack));
    body.set(this.#by, i32.const(LeftBy.exit));
  }

  /** Does nothing unless everything is as it was when the region was made. */
  #enter(): void {
    const body = this.#body;
    body.set(this.base, i64.load(i32.const(0), Slot.pageBase));
    for (const page of this.region.pages) this.#requirePage(page);
    const traps = [...this.#units].reduce((bits, unit) => bits | UNIT_OFF[unit], 0);
    if (traps !== 0) this.#refuse(i32.and(state32(State.fpuTrap), i32.const(traps)));
    this.#refuse(i32.ne(state32(State.tlb), i32.const(this.tlb)));
    this.#floats.enter((condition, before) => this.#refuse(condition, before));
    this.#x87?.enter((condition) => this.#refuse(condition));
    body.state.loadAll();
  }

  #refuse(condition: Expr, before?: () => void): void {
    this.#body.ifRarely(condition, () => {
      before?.();
      this.#body.return(this.#body.get(this.#left));
    });
  }

  /** Tier 1 has executed the page at this address lately, and it is still the same. */
  #requirePage({ distance, map }: RegionPage): void {
    const body = this.#body;
    const page = body.let(this.#address(i64.const(distance)));
    const entry = body.let(codeTlbEntry(page));
    this.#refuse(i64.ne(i64.load(entry, CODE_TLB), i64.or(page, state64(State.codeTag))));
    this.#refuse(i32.ne(i32.load(entry, CODE_TLB + 8), i32.const(map)));
  }

  #address(distance: Expr): Expr {
    return i64.add(this.#body.get(this.base), distance);
  }

  /** A block, and behind it those that it leads to. */
  *#nested(number: number): Generator<void> {
    const { isLoop, inside, outside } = this.#flow.nesting[number]!;
    const body = this.#body;
    // The block before may have left for good.
    body.hasLeft = false;
    this.#openFor(outside);
    if (isLoop) {
      body.knowNothing();
      this.#labels.set(number, body.openLoop());
    }
    this.#openFor(inside);
    body.scope(() => this.#node(number));
    yield;
    yield* this.#behind(inside);
    if (isLoop) body.close();
    yield* this.#behind(outside);
  }

  /** A label before each of the blocks. */
  #openFor(numbers: readonly number[]): void {
    for (const number of [...numbers].reverse()) this.#labels.set(number, this.#body.open());
  }

  *#behind(numbers: readonly number[]): Generator<void> {
    for (const number of numbers) {
      this.#body.close();
      yield* this.#nested(number);
    }
  }

  #node(number: number): void {
    const block = this.#flow.blockOf(number);
    if (block) return this.#block(number, block);
    const { flags } = this.#body.state;
    flags.origin = this.#originBefore(number);
    this.#origins.set(number, flags.origin);
    const labels = this.#flow.choicesOf(number).map((each) => this.#labels.get(each)!);
    this.#body.brTable(this.#body.get(this.#choiceOf(number)), labels.slice(0, -1), labels.at(-1)!);
  }

  #choiceOf(number: number): Local {
    const known = this.#choices.get(number);
    if (known) return known;
    const local = this.#body.local('i32');
    this.#choices.set(number, local);
    return local;
  }

  #block(number: number, { place, instructions }: RegionBlock): void {
    const body = this.#body;
    const { flags } = body.state;
    this.#number = number;
    this.#floats.begin(number, number === 0 ? [] : this.#flow.predecessors[number]!);
    flags.origin = this.#originBefore(number);
    if (number !== 0) body.addresses.begin(this.#flow.predecessors[number]!);
    this.#uncounted = this.#flow.budget.held(number);
    if (this.#x87?.begin(number) === false) return body.unreachable();
    const taken = this.#flow.budget.taken(number);
    if (taken > 0) {
      body.set(this.#left, i32.sub(body.get(this.#left), i32.const(taken)));
      this.#exitAt(place, i32.ltS(body.get(this.#left), i32.const(0)));
    }
    for (const instruction of instructions) {
      if (!this.#emit(instruction)) return;
      this.#uncounted--;
    }
    body.addresses.end(number);
    this.#floats.end(number);
    this.#origins.set(number, flags.origin);
    const { next, flow } = instructions.at(-1)!;
    if (flow === 'next' || flow === 'branch') this.goTo(next);
  }

  /** How the flags are kept where a block begins, if all that lead to it leave them alike. */
  #originBefore(number: number): Origin | undefined {
    const before = new Set(this.#flow.predecessors[number]!.map((each) => this.#origins.get(each)));
    if (number === 0) before.add('words');
    return before.size === 1 ? [...before][0] : undefined;
  }

  /** False when the block ends here, because the instruction is left to tier 1. */
  #emit(instruction: RegionInstruction): boolean {
    const body = this.#body;
    this.#instruction = instruction;
    const { flags } = body.state;
    const { origin } = flags;
    const known = body.addresses.now();
    body.changed = body.hasLeft = false;
    const failed = body.attempt(() => this.#meaning(new RegionEmitter(body, instruction, this)));
    if (failed === undefined) return !body.hasLeft;
    if (!(failed instanceof NotPromotable)) throw failed;
    flags.origin = origin;
    body.addresses.goBackTo(known);
    this.exitBefore();
    return false;
  }

  /** Whether a unit is on is asked once, on entry. */
  #meaning(e: RegionEmitter): void {
    const { row } = e.form;
    if (row.privileged) throw new NotPromotable();
    if (row.unit) this.#units.add(row.unit);
    if ((row.unit === 'sse' || row.unit === 'avx') && this.#floats.emit(e)) return;
    if (row.unit === 'x87' && this.#x87) return emitX87(e, this.#x87, this);
    row.does(e);
  }

  exitBefore(condition?: Expr): void {
    this.#exitAt(this.#instruction.place, condition);
  }

  #exitAt(place: number, condition?: Expr, uncounted = this.#uncounted): void {
    const body = this.#body;
    this.#x87?.mayLeave();
    body.set(this.#exitCode, i32.const(place * (1 << GIVEN_BACK_BITS) + uncounted));
    if (condition) body.brIfRarely(this.#static, condition);
    else body.br(this.#static);
  }

  goTo(place: number): void {
    const number = this.#flow.leadsTo(this.#number, place);
    if (number === undefined) this.#leaveAt(place);
    else this.#goToBlock(number);
  }

  #goToBlock(number: number): void {
    const body = this.#body;
    if (this.#x87?.fits(number) === false) return this.#leaveAt(this.#placeOf(number));
    this.#floats.fulfil(number);
    if (!this.#flow.budget.shares(this.#number, number)) this.#giveBackRest();
    const through = this.#flow.switchOn(this.#number, number);
    if (through === undefined) return body.br(this.#labels.get(number)!);
    body.set(this.#choiceOf(through), i32.const(this.#flow.choicesOf(through).indexOf(number)));
    body.br(this.#labels.get(through)!);
  }

  #placeOf(number: number): number {
    return this.#flow.blockOf(number)!.place;
  }

  /** Leaves in front of a block, with what leads to it done. */
  exitAtBlock(number: number): void {
    this.#exitAt(this.#placeOf(number), undefined, this.#flow.budget.rest(this.#number));
  }

  /** With the last instruction of its block done. */
  #leaveAt(place: number): void {
    this.#body.set(this.#by, i32.const(LeftBy.direct));
    this.leaveTo(this.#address(i64.const(place)));
  }

  jumpTo(target: Expr): void {
    const body = this.#body;
    const found = body.let(target);
    const distance = body.let(i64.sub(found, body.get(this.base)));
    this.#search(distance, this.#flow.targetsOf(this.#number));
    if (this.#instruction.flow === 'return') body.set(this.#by, i32.const(LeftBy.return));
    this.leaveTo(found);
  }

  /** Goes to the block at a distance, if it is one of these, which ascend. */
  #search(distance: Expr, numbers: readonly number[]): void {
    const body = this.#body;
    const place = (number: number) => i64.const(this.#placeOf(number));
    if (numbers.length <= LINEAR_SEARCH) {
      for (const number of numbers) body.if(i64.eq(distance, place(number)), () => this.#goToBlock(number));
      return;
    }
    const middle = numbers.length >> 1;
    body.if(
      i64.ltS(distance, place(numbers[middle]!)),
      () => this.#search(distance, numbers.slice(0, middle)),
      () => this.#search(distance, numbers.slice(middle)),
    );
  }

  /** Of what was taken for a block and those behind it, when it ends and none of them comes next. */
  #giveBackRest(): void {
    const rest = this.#flow.budget.rest(this.#number);
    if (rest > 0) this.#body.set(this.#left, i32.add(this.#body.get(this.#left), i32.const(rest)));
  }

  leaveTo(target: Expr): void {
    this.#x87?.mayLeave();
    this.#giveBackRest();
    this.#body.set(this.#target, target);
    this.#body.br(this.#dynamic);
  }
}

const rowsOf = ({ blocks }: Region) =>
  blocks.flatMap(({ instructions }) => instructions.map(({ form }) => form.row));

/** Whether a place can be told in an exit. */
export const isNearEnough = (place: number) => Math.abs(place) < FARTHEST / 2;
