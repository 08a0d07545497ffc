import { emitForm } from './emitter/prelude.js';
import { state32, state64, toState32, toState64 } from './emitter/emitter.js';
import type { HelperSignatures } from './emitter/record-emitter.js';
import { HelperImports, HotEmitter, ripOf } from './emitter/record-emitter.js';
import { CODE_TLB, CODE_TLB_ENTRIES, Field, Leave, Slot, State, Status } from './layout.js';
import type { OpTable } from './ops.js';
import type { Label, Local } from './wasm/body.js';
import { Body, call, callIndirect } from './wasm/body.js';
import type { Expr } from './wasm/expr.js';
import { i32, i64 } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';
import type { Form } from '../isa/forms.js';

const RUN = { parameters: ['i32'], results: ['i32'] } as const;
const NOTHING = { parameters: [], results: [] } as const;
const TO_I32 = { parameters: [], results: ['i32'] } as const;
const SLOW = { parameters: ['i64', 'i32', 'i32', 'i32'], results: ['i32', 'i32'] } as const;
const COMMIT = { parameters: ['i32', 'i32'], results: ['i32'] } as const;
const FROM_I32 = { parameters: ['i32'], results: [] } as const;

interface Imports {
  /** (record) => (): fills the record. */
  readonly decode: number;
  /** () => records of the page that rip is in, or -1 with an exception recorded. */
  readonly lookup: number;
  /** (op) => a record decoded for one execution at rip, or -1 (exception), -2 (leave). */
  readonly once: number;
  readonly slowFunction: number;
  readonly commitFunction: number;
}

/**
 * The module that holds tier 1: `run(budget) => reason`, one loop around one jump table over decoded records, with the hot
 * forms inside. The bytes depend on the rows only, so they can be made at build time.
 */
export function tierOneModule(ops: OpTable, signatures: HelperSignatures): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const imports: Imports = {
    decode: module.importFunction('decode', FROM_I32),
    lookup: module.importFunction('lookup', TO_I32),
    once: module.importFunction('once', RUN),
    slowFunction: module.importFunction('slowHot', SLOW),
    commitFunction: module.importFunction('commitHot', COMMIT),
  };
  module.importMemory('memory', 1);
  module.importTable('forms', ops.forms.length);
  const helpers = new HelperImports(imports.commitFunction + 1, signatures);
  const body = new RunBuilder(ops, imports, helpers, module.type(RUN)).build();
  helpers.import(module);
  module.add(RUN, body, 'run');
  return module.bytes();
}

/** What tier 1 calls around `slow` and `commit`: flushes rip and the budget first, heeds attention afterwards. */
export function tierOneGlue(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const slow = module.importFunction('slow', RUN);
  const commit = module.importFunction('commit', NOTHING);
  module.importMemory('memory', 1);
  addSlow(module, slow);
  addCommit(module, commit);
  return module.bytes();
}

/** Puts the budget aside when somebody wants generated code to be left. */
function settle(body: Body, budget: Local): void {
  body.if(state32(State.attention), () => {
    body.do(toState32(State.stash, i32.add(state32(State.stash), body.get(budget))));
    body.set(budget, i32.const(0));
  });
}

function addSlow(module: ModuleBuilder, slow: number): void {
  const body = new Body(['i64', 'i32', 'i32', 'i32']);
  const [address, record, budget, access] = [0, 1, 2, 3].map((i) => body.parameter(i)) as [
    Local,
    Local,
    Local,
    Local,
  ];
  const host = body.local('i32');
  body.do(toState64(State.address, body.get(address)));
  body.do(toState64(State.rip, ripOf(body.get(record))));
  body.do(toState32(State.left, body.get(budget)));
  body.set(host, call(slow, 'i32', body.get(access)));
  settle(body, budget);
  body.do(body.get(host));
  body.do(body.get(budget));
  module.add(SLOW, body, 'slowHot');
}

function addCommit(module: ModuleBuilder, commit: number): void {
  const body = new Body(['i32', 'i32']);
  const budget = body.parameter(1);
  body.do(toState64(State.rip, ripOf(body.get(body.parameter(0)))));
  body.do(toState32(State.left, body.get(budget)));
  body.do(call(commit, 'none'));
  settle(body, budget);
  body.do(body.get(budget));
  module.add(COMMIT, body, 'commitHot');
}

interface Labels {
  readonly exit: Label;
  readonly fault: Label;
  readonly main: Label;
  readonly jump: Label;
}

/** One arm of the jump table, in the order of the code. */
interface Arm {
  /** Code between the two labels of a memory form: computes the address. */
  readonly address?: () => void;
  readonly build: () => void;
  entry?: Label;
  inner?: Label;
}

class RunBuilder {
  readonly #body = new Body(['i32']);
  readonly #budget = this.#body.parameter(0);
  readonly #record = this.#body.local('i32');
  readonly #op = this.#body.local('i32');
  readonly #status = this.#body.local('i32');
  readonly #address = this.#body.local('i64');
  readonly #target = this.#body.local('i64');
  #labels: Labels = { exit: 0, fault: 0, main: 0, jump: 0 };

  constructor(
    private readonly ops: OpTable,
    private readonly imports: Imports,
    private readonly helpers: HelperImports,
    private readonly formType: number,
  ) {}

  build(): Body {
    const body = this.#body;
    body.set(this.#target, state64(State.rip));
    body.block((exit) => {
      body.block((fault) => {
        body.loop((again) => {
          this.#lookUp(exit);
          body.loop((main) => {
            body.block((jump) => {
              this.#labels = { exit, fault, main, jump };
              this.#step();
            });
          });
          body.br(again);
        });
      });
      this.#onFault();
    });
    this.#leave();
    return body;
  }

  /** Finds the records of `target`. */
  #lookUp(exit: Label): void {
    const body = this.#body;
    const records = body.temporary('i32');
    const target = body.get(this.#target);
    body.do(toState64(State.rip, target));
    const mask = (CODE_TLB_ENTRIES - 1) * 16;
    const entry = body.let(i32.and(i32.wrap(i64.shrU(target, i64.const(8))), i32.const(mask)));
    const page = i64.and(target, i64.const(-4096));
    const miss = i64.ne(i64.load(entry, CODE_TLB), i64.or(page, state64(State.codeTag)));
    body.set(records, i32.load(entry, CODE_TLB + 8));
    body.if(miss, () => {
      body.set(records, call(this.imports.lookup, 'i32'));
      body.if(i32.eq(body.get(records), i32.const(-1)), () => {
        body.set(this.#status, i32.const(Leave.exception));
        body.br(exit);
      });
    });
    body.do(toState32(State.recordBase, body.get(records)));
    body.do(i64.store(i32.const(0), page, Slot.pageBase));
    const offset = i32.shl(i32.and(i32.wrap(target), i32.const(4095)), i32.const(4));
    body.set(this.#record, i32.add(body.get(records), offset));
  }

  #step(): void {
    const body = this.#body;
    body.if(i32.eqz(body.get(this.#budget)), () => this.#exit(Leave.budget));
    this.#spend(-1);
    this.#dispatch();
  }

  #spend(change: number): void {
    this.#body.set(this.#budget, i32.add(this.#body.get(this.#budget), i32.const(change)));
  }

  #exit(reason: number): void {
    const body = this.#body;
    body.do(toState64(State.rip, ripOf(body.get(this.#record))));
    body.set(this.#status, i32.const(reason));
    body.br(this.#labels.exit);
  }

  #dispatch(): void {
    const body = this.#body;
    const arms = this.#specialArms();
    const special = arms.length;
    arms.push(...this.ops.hotForms.map((form) => this.#formArm(form)));
    for (const arm of [...arms].reverse()) this.#open(arm);
    body.set(this.#op, i32.load16u(body.get(this.#record), Field.op));
    const entries = arms.map(({ entry }) => entry!);
    const rare = entries[special - 1]!;
    const padding = new Array<Label>(8 - (special - 1)).fill(rare);
    body.brTable(
      body.get(this.#op),
      [...entries.slice(0, special - 1), ...padding, ...entries.slice(special)],
      rare,
    );
    this.#memoryLabels = arms.filter(({ inner }) => inner !== undefined).map(({ inner }) => inner!);
    for (const arm of arms) this.#place(arm);
  }

  #memoryLabels: Label[] = [];

  #open(arm: Arm): void {
    if (arm.address) arm.inner = this.#body.open();
    arm.entry = this.#body.open();
  }

  #place(arm: Arm): void {
    const body = this.#body;
    body.close();
    if (arm.address) {
      arm.address();
      body.close();
    }
    body.scope(arm.build);
  }

  /** In the order of `Op`, the way out to the rare forms last. */
  #specialArms(): Arm[] {
    const body = this.#body;
    const { decode } = this.imports;
    return [
      {
        build: () => {
          body.do(toState32(State.left, body.get(this.#budget)));
          body.do(call(decode, 'none', body.get(this.#record)));
          this.#spend(1);
          body.br(this.#labels.main);
        },
      },
      {
        build: () => {
          this.#spend(1);
          body.set(this.#target, ripOf(body.get(this.#record)));
          body.br(this.#labels.jump);
        },
      },
      { build: () => this.#once() },
      { build: () => this.#once() },
      { build: () => this.#complexAddress(false) },
      { build: () => this.#complexAddress(true) },
      { build: () => this.#rare() },
    ];
  }

  /** Runs a record made for this time only: across a page border, or under a breakpoint that does not apply. */
  #once(): void {
    const body = this.#body;
    const record = body.temporary('i32');
    const rip = body.let(ripOf(body.get(this.#record)));
    body.do(toState64(State.rip, rip));
    this.#spend(1);
    body.do(toState32(State.left, body.get(this.#budget)));
    body.set(record, call(this.imports.once, 'i32', body.get(this.#op)));
    body.if(i32.ltS(body.get(record), i32.const(0)), () => {
      body.set(this.#status, i32.sub(i32.const(0), body.get(record)));
      body.br(this.#labels.exit);
    });
    const offset = i32.shl(i32.and(i32.wrap(rip), i32.const(4095)), i32.const(4));
    body.do(toState32(State.recordBase, i32.sub(body.get(record), offset)));
    body.set(this.#record, body.get(record));
    body.br(this.#labels.main);
  }

  #complexAddress(segmented: boolean): void {
    const body = this.#body;
    const record = body.get(this.#record);
    const packed = segmented
      ? body.let(i32.load8u(record, Field.scaleSegment))
      : i32.load8u(record, Field.scaleSegment);
    const scale = i64.extendU(segmented ? i32.and(packed, i32.const(3)) : packed);
    const index = i64.shl(i64.load(i32.load8u(record, Field.index)), scale);
    let sum = i64.add(this.#baseAddress(), index);
    if (segmented) sum = i64.add(sum, i64.load(i32.and(packed, i32.const(0xf8))));
    body.set(this.#address, sum);
    body.brTable(i32.load8u(record, Field.extra), this.#memoryLabels, this.#memoryLabels[0]!);
  }

  #baseAddress(): Expr {
    const record = this.#body.get(this.#record);
    return i64.add(i64.load(i32.load8u(record, Field.rm)), i64.load32s(record, Field.displacement));
  }

  #rare(): void {
    const body = this.#body;
    const status = body.get(this.#status);
    body.do(toState64(State.rip, ripOf(body.get(this.#record))));
    body.do(toState32(State.left, body.get(this.#budget)));
    const index = i32.sub(body.get(this.#op), i32.const(this.ops.rareBase));
    body.set(this.#status, callIndirect(this.formType, 'i32', index, body.get(this.#record)));
    settle(body, this.#budget);
    body.if(i32.eqz(status), () => this.#next());
    body.if(i32.eq(status, i32.const(Status.jumped)), () => {
      body.set(this.#target, state64(State.rip));
      body.br(this.#labels.jump);
    });
    body.brIf(this.#labels.fault, i32.eq(status, i32.const(Status.exception)));
    body.set(this.#status, i32.const(Leave.attention));
    body.br(this.#labels.exit);
  }

  #next(): void {
    const body = this.#body;
    body.set(this.#record, i32.add(body.get(this.#record), i32.load8u(body.get(this.#record), Field.next)));
    body.br(this.#labels.main);
  }

  #formArm(form: Form): Arm {
    const body = this.#body;
    const build = () => {
      const frame = {
        ...this.imports,
        ...this.#labels,
        helpers: this.helpers,
        record: this.#record,
        budget: this.#budget,
        address: this.#address,
        target: this.#target,
      };
      emitForm(new HotEmitter(body, form, frame));
      this.#next();
    };
    if (form.variant !== 'm') return { build };
    return { build, address: () => body.set(this.#address, this.#baseAddress()) };
  }

  /** The instruction at `record` did not retire. */
  #onFault(): void {
    this.#spend(1);
    this.#body.do(toState64(State.rip, ripOf(this.#body.get(this.#record))));
    this.#body.set(this.#status, i32.const(Leave.exception));
  }

  #leave(): void {
    const body = this.#body;
    body.do(toState32(State.left, i32.add(body.get(this.#budget), state32(State.stash))));
    body.do(toState32(State.stash, i32.const(0)));
    body.do(body.get(this.#status));
  }
}
