import { state32, state64, toState32, toState64 } from './emitter/emitter.js';
import { ripOf } from './emitter/record-emitter.js';
import { codeTlbEntry } from './emitter/record-emitter.js';
import {
  Attention,
  CODE_TLB,
  Field,
  FORM_OF_OP,
  Leave,
  LeftBy,
  PAGE_BYTES,
  Pause,
  RECORD_BYTES,
  Slot,
  State,
  Status,
} from './layout.js';
import type { OpTable } from './ops.js';
import { Op } from './ops.js';
import type { Label, Local } from './wasm/body.js';
import { Body, call, callIndirect } from './wasm/body.js';
import type { Expr } from './wasm/expr.js';
import { i32, i64, select } from './wasm/expr.js';

/** A power of two. */
const MISSES_A_SAMPLE = 32;

export interface DriverParts {
  readonly decode: number;
  readonly lookup: number;
  readonly once: number;
  readonly hot: number;
  readonly reached: number;
  /** (head) => nothing: its region was left where the TLB did not know a page. */
  readonly missed: number;
  /** () => whether to leave. */
  readonly attend: number;
  /** (record, budget) => pause */
  readonly loop: number;
  /** Type of a rare form: (record) => status. */
  readonly formType: number;
  readonly ops: OpTable;
}

/** (budget) => reason. Runs the loop over records and does what it pauses for: everything that needs a call. */
export function driverFunction(parts: DriverParts): Body {
  return new DriverBuilder(parts).build();
}

class DriverBuilder {
  readonly #body = new Body(['i32']);
  readonly #budget = this.#body.parameter(0);
  /** 0: look rip up. */
  readonly #record = this.#body.local('i32');
  readonly #status = this.#body.local('i32');
  readonly #leaving = this.#body.local('i32');
  readonly #form = this.#body.local('i32');
  /** Head of the region that was left last in front of an instruction, and the record of that. */
  readonly #leftHead = this.#body.local('i32');
  readonly #leftAt = this.#body.local('i32');
  #again: Label = 0;
  #exit: Label = 0;

  constructor(private readonly parts: DriverParts) {}

  build(): Body {
    const body = this.#body;
    body.block((exit) => {
      this.#exit = exit;
      body.loop((again) => {
        this.#again = again;
        this.#round();
      });
    });
    body.do(toState32(State.left, body.get(this.#budget)));
    body.do(body.get(this.#leaving));
    return body;
  }

  #round(): void {
    const body = this.#body;
    const pause = body.temporary('i32');
    body.set(pause, call(this.parts.loop, 'i32', body.get(this.#record), body.get(this.#budget)));
    body.set(this.#record, state32(State.record));
    body.set(this.#budget, state32(State.left));
    const arms: (() => void)[] = [];
    arms[Pause.budget] = () => this.#leaveAt(Leave.budget);
    arms[Pause.rare] = () => this.#runForm(i32.sub(this.#op(), i32.const(this.parts.ops.rareBase)));
    arms[Pause.bail] = () => {
      this.#tellMiss();
      this.#runForm(i32.load16u(i32.shl(this.#op(), i32.const(1)), FORM_OF_OP));
    };
    arms[Pause.decode] = () => {
      body.do(toState64(State.rip, ripOf(body.get(this.#record))));
      body.set(this.#record, call(this.parts.decode, 'i32', body.get(this.#record)));
    };
    arms[Pause.once] = () => this.#once();
    arms[Pause.lookup] = () => this.#lookUp();
    arms[Pause.hot] = () => {
      body.do(call(this.parts.hot, 'none', body.get(this.#record)));
      this.#behindHead();
    };
    arms[Pause.region] = () => this.#runRegion();
    this.#switch(pause, arms);
  }

  #switch(index: Local, arms: readonly (() => void)[]): void {
    const body = this.#body;
    const labels = arms.map(() => body.open()).reverse();
    body.brTable(body.get(index), labels.slice(0, -1), labels.at(-1)!);
    for (const arm of arms) {
      body.close();
      arm();
      body.br(this.#again);
    }
  }

  #op(): Expr {
    return i32.load16u(this.#body.get(this.#record), Field.op);
  }

  /** Leaves with rip at the record, or where it leads to. */
  #leaveAt(reason: number): void {
    this.#settleRip();
    this.#leave(reason);
  }

  #settleRip(): void {
    const body = this.#body;
    const record = body.get(this.#record);
    body.if(record, () => {
      body.loop((again) => {
        body.if(i32.eq(this.#op(), i32.const(Op.goto)), () => {
          body.set(this.#record, i32.add(record, i32.load(record, Field.immediate)));
          body.br(again);
        });
      });
      const behind = i64.add(i64.load(i32.const(0), Slot.pageBase), i64.load32s(record, Field.displacement));
      const rip = select(i32.eq(this.#op(), i32.const(Op.pageEnd)), behind, ripOf(record));
      body.do(toState64(State.rip, rip));
    });
  }

  /** At the border behind an instruction that touched something watched: mostly somebody is told and the program goes on. */
  #attend(): void {
    const body = this.#body;
    this.#settleRip();
    body.do(toState32(State.left, body.get(this.#budget)));
    body.if(call(this.parts.attend, 'i32'), () => this.#leave(Leave.attention));
    body.set(this.#record, i32.const(0));
  }

  #leave(reason: number): void {
    this.#body.set(this.#leaving, i32.const(reason));
    this.#body.br(this.#exit);
  }

  #giveBack(): void {
    this.#body.set(this.#budget, i32.add(this.#body.get(this.#budget), i32.const(1)));
  }

  #runForm(form: Expr): void {
    const body = this.#body;
    const status = body.get(this.#status);
    const record = body.get(this.#record);
    const rip = body.let(ripOf(record));
    body.set(this.#form, form);
    body.do(toState64(State.rip, rip));
    body.loop((retry) => {
      body.set(this.#status, callIndirect(this.parts.formType, 'i32', body.get(this.#form), record));
      body.brIf(retry, i32.eq(status, i32.const(Status.linked)));
    });
    body.if(i32.eq(status, i32.const(Status.exception)), () => {
      // rip may have moved on the way.
      body.do(toState64(State.rip, rip));
      this.#giveBack();
      this.#leave(Leave.exception);
    });
    body.if(i32.eq(status, i32.const(Status.leave)), () => this.#leave(Leave.attention));
    body.if(
      status,
      () => body.set(this.#record, i32.const(0)),
      () => body.set(this.#record, i32.add(record, i32.const(RECORD_BYTES))),
    );
    body.if(state32(State.attention), () => {
      const isWatch = i32.eq(state32(State.attention), i32.const(Attention.watch));
      body.if(
        isWatch,
        () => this.#attend(),
        () => this.#leaveAt(Leave.attention),
      );
    });
  }

  /** What a region was left for, tier 1 could not do at once either: that is mostly an access to a page that the TLB lacks. */
  #tellMiss(): void {
    const body = this.#body;
    const isSame = i32.eq(body.get(this.#leftAt), body.get(this.#record));
    const isSample = i32.eqz(i32.and(body.get(this.#budget), i32.const(MISSES_A_SAMPLE - 1)));
    body.if(i32.and(isSame, isSample), () =>
      body.do(call(this.parts.missed, 'none', body.get(this.#leftHead))),
    );
  }

  #behindHead(): void {
    const record = this.#body.get(this.#record);
    this.#body.set(this.#record, i32.add(record, i32.load(record, Field.immediate)));
  }

  /** Runs regions as long as one leads to the next. Where one does nothing, tier 1 does at least one instruction. */
  #runRegion(): void {
    const body = this.#body;
    const record = body.get(this.#record);
    const head = body.temporary('i32');
    const base = body.temporary('i64');
    body.block((done) => {
      body.loop((next) => {
        body.set(head, record);
        body.set(base, i64.load(i32.const(0), Slot.pageBase));
        const number = i32.load(record, Field.displacement);
        const left = body.let(callIndirect(this.parts.formType, 'i32', number, body.get(this.#budget)));
        body.if(i32.eq(left, body.get(this.#budget)), () => {
          this.#behindHead();
          this.#noteLeft(head);
          body.br(done);
        });
        body.set(this.#budget, left);
        this.#findRecord(done);
        const isRegion = body.let(i32.eq(this.#op(), i32.const(Op.region)));
        const mayBeHead = i32.geU(this.#op(), i32.const(Op.count));
        // The budget that is left is as good as any dice.
        const isSample = i32.eqz(i32.and(left, i32.load16u(body.get(head), Field.reg)));
        const isTold = i32.and(isSample, mayBeHead);
        body.if(i32.and(i32.ne(state32(State.leftBy), i32.const(LeftBy.exit)), isTold), () => {
          const distance = i32.wrap(i64.sub(state64(State.rip), body.get(base)));
          body.do(call(this.parts.reached, 'none', record, body.get(head), distance));
        });
        body.brIf(next, isRegion);
        this.#noteLeft(head);
      });
    });
  }

  #noteLeft(head: Local): void {
    this.#body.set(this.#leftHead, this.#body.get(head));
    this.#body.set(this.#leftAt, this.#body.get(this.#record));
  }

  /** The record at rip; where it is not known, 0 and on to `otherwise`. */
  #findRecord(otherwise: Label): void {
    const body = this.#body;
    const rip = body.let(state64(State.rip));
    const entry = body.let(codeTlbEntry(rip));
    const page = body.let(i64.and(rip, i64.const(-PAGE_BYTES)));
    body.set(this.#record, i32.const(0));
    body.brIf(otherwise, i64.ne(i64.load(entry, CODE_TLB), i64.or(page, state64(State.codeTag))));
    const offset = i32.shl(i32.and(i32.wrap(rip), i32.const(PAGE_BYTES - 1)), i32.const(2));
    body.set(this.#record, i32.load(i32.add(i32.load(entry, CODE_TLB + 8), offset)));
    body.brIf(otherwise, i32.eqz(body.get(this.#record)));
    body.do(i64.store(i32.const(0), page, Slot.pageBase));
  }

  /** Runs a record made for this time only: across a page border, or under a breakpoint that does not apply. */
  #once(): void {
    const body = this.#body;
    body.do(toState64(State.rip, ripOf(body.get(this.#record))));
    body.set(this.#record, call(this.parts.once, 'i32', this.#op()));
    body.if(i32.ltS(body.get(this.#record), i32.const(0)), () => {
      body.set(this.#leaving, i32.sub(i32.const(0), body.get(this.#record)));
      body.br(this.#exit);
    });
  }

  #lookUp(): void {
    const body = this.#body;
    body.if(i32.eqz(body.get(this.#budget)), () => this.#leave(Leave.budget));
    body.set(this.#record, i32.const(0));
    const failed = i32.eq(call(this.parts.lookup, 'i32'), i32.const(-1));
    body.if(failed, () => this.#leave(Leave.exception));
  }
}
