import type { Form } from '../isa/forms.js';
import { driverFunction } from './driver.js';
import { state64, toState32, toState64 } from './emitter/emitter.js';
import { emitForm } from './emitter/prelude.js';
import type { HelperSignatures } from './emitter/record-emitter.js';
import { codeTlbEntry, HotEmitter } from './emitter/record-emitter.js';
import { ADDRESS_32, CODE_TLB, Field, PAGE_BYTES, Pause, SEGMENT_BITS, Slot, State } from './layout.js';
import type { OpTable } from './ops.js';
import type { Label } from './wasm/body.js';
import { Body } from './wasm/body.js';
import type { Expr } from './wasm/expr.js';
import { i32, i64 } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';

const ONE_TO_ONE = { parameters: ['i32'], results: ['i32'] } as const;
const LOOP = { parameters: ['i32', 'i32'], results: ['i32'] } as const;

/**
 * The module that holds tier 1: `run(budget) => reason`. Inside, one loop around one jump table over decoded records, with the hot forms in
 * it and not a single call; and a driver around it that calls rare forms and TypeScript. The bytes depend on the rows only, so they can
 * be made at build time.
 */
export function tierOneModule(ops: OpTable, signatures: HelperSignatures): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const imports = {
    /** (record) => the record to go on with once it is decoded, or 0 to look rip up. */
    decode: module.importFunction('decode', ONE_TO_ONE),
    /** Makes the record at rip known; -1 with an exception recorded. */
    lookup: module.importFunction('lookup', { parameters: [], results: ['i32'] }),
    /** (op) => a record decoded for one execution at rip, or minus a reason to leave. */
    once: module.importFunction('once', ONE_TO_ONE),
    /** (head record) => nothing: it has been reached often enough to be compiled. */
    hot: module.importFunction('hot', { parameters: ['i32'], results: [] }),
    /** (record, head, distance) => nothing: the region of a head has jumped there, and it is no head; so far from the region's page. */
    reached: module.importFunction('reached', { parameters: ['i32', 'i32', 'i32'], results: [] }),
    /** (head record) => nothing: its region was left where the TLB did not know a page. */
    missed: module.importFunction('missed', { parameters: ['i32'], results: [] }),
    /** () => 1 when the driver has to return: at a border, when a watchpoint was hit. */
    attend: module.importFunction('attend', { parameters: [], results: ['i32'] }),
  };
  module.importMemory('memory', 1);
  module.importTable('forms', ops.forms.length);
  const loop = module.add(LOOP, new LoopBuilder(ops, signatures).build());
  module.add(ONE_TO_ONE, driverFunction({ ...imports, loop, formType: module.type(ONE_TO_ONE), ops }), 'run');
  return module.bytes();
}

/** One arm of the jump table, in the order of the code. */
interface Arm {
  readonly build: () => void;
  /** Code in front of a memory form, which complex addresses jump over. */
  readonly address?: () => void;
  entry?: Label;
  inner?: Label;
}

/** (record or 0 to look rip up, budget) => why it paused, with record and budget in state. */
class LoopBuilder {
  readonly #body = new Body(['i32', 'i32']);
  readonly #record = this.#body.parameter(0);
  readonly #budget = this.#body.parameter(1);
  readonly #op = this.#body.local('i32');
  readonly #pause = this.#body.local('i32');
  readonly #address = this.#body.local('i64');
  readonly #target = this.#body.local('i64');
  #exit: Label = 0;
  #main: Label = 0;
  #jump: Label = 0;
  #bail: Label = 0;

  constructor(
    private readonly ops: OpTable,
    private readonly signatures: HelperSignatures,
  ) {}

  build(): Body {
    const body = this.#body;
    body.set(this.#target, state64(State.rip));
    body.block((exit) => {
      this.#exit = exit;
      body.loop((again) => {
        body.if(i32.eqz(body.get(this.#record)), () => this.#lookUp());
        body.loop((main) => {
          this.#main = main;
          body.block((jump) => {
            this.#jump = jump;
            this.#step();
          });
          body.set(this.#record, i32.const(0));
        });
        body.br(again);
      });
    });
    body.do(toState32(State.record, body.get(this.#record)));
    body.do(toState32(State.left, body.get(this.#budget)));
    body.do(body.get(this.#pause));
    return body;
  }

  #leave(reason: number): void {
    this.#body.set(this.#pause, i32.const(reason));
    this.#body.br(this.#exit);
  }

  /** Finds the records of `target`. */
  #lookUp(): void {
    const body = this.#body;
    const target = body.get(this.#target);
    const entry = body.let(codeTlbEntry(target));
    const page = body.let(i64.and(target, i64.const(-4096)));
    const miss = i64.ne(i64.load(entry, CODE_TLB), i64.or(page, state64(State.codeTag)));
    body.if(miss, () => {
      body.do(toState64(State.rip, target));
      this.#leave(Pause.lookup);
    });
    const offset = i32.shl(i32.and(i32.wrap(target), i32.const(PAGE_BYTES - 1)), i32.const(2));
    body.set(this.#record, i32.load(i32.add(i32.load(entry, CODE_TLB + 8), offset)));
    body.if(i32.eqz(body.get(this.#record)), () => {
      body.do(toState64(State.rip, target));
      this.#leave(Pause.lookup);
    });
    body.do(i64.store(i32.const(0), page, Slot.pageBase));
  }

  #step(): void {
    const body = this.#body;
    body.set(this.#pause, i32.const(Pause.budget));
    body.brIf(this.#exit, i32.eqz(body.get(this.#budget)));
    body.set(this.#budget, i32.sub(body.get(this.#budget), i32.const(1)));
    body.set(this.#op, i32.load16u(body.get(this.#record), Field.op));
    body.block((bail) => {
      this.#bail = bail;
      this.#dispatch();
    });
    this.#leave(Pause.bail);
  }

  /** The instruction has not been counted after all. */
  #giveBack(): void {
    this.#body.set(this.#budget, i32.add(this.#body.get(this.#budget), i32.const(1)));
  }

  #dispatch(): void {
    const body = this.#body;
    const special = this.#specialArms();
    const [decode, pageEnd, once, goto, count, region, indexed, segmented, rare] = special as [
      Arm,
      Arm,
      Arm,
      Arm,
      Arm,
      Arm,
      Arm,
      Arm,
      Arm,
    ];
    const forms = this.ops.hotForms.map((form) => this.#formArm(form));
    const arms = [...special, ...forms];
    for (const arm of [...arms].reverse()) this.#open(arm);
    const { memoryForms } = this.ops;
    const table = [
      decode,
      pageEnd,
      once,
      once,
      goto,
      count,
      region,
      ...forms,
      ...memoryForms.map(() => indexed),
      ...memoryForms.map(() => segmented),
    ];
    this.#memoryLabels = forms.filter(({ inner }) => inner !== undefined).map(({ inner }) => inner!);
    body.brTable(
      body.get(this.#op),
      table.map(({ entry }) => entry!),
      rare.entry!,
    );
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

  /** Decode, page end, once, goto, count, region, indexed, segmented, rare. */
  #specialArms(): Arm[] {
    const pauses = (reason: number) => () => {
      this.#giveBack();
      this.#leave(reason);
    };
    return [
      { build: pauses(Pause.decode) },
      {
        build: () => {
          this.#giveBack();
          const distance = i64.load32s(this.#body.get(this.#record), Field.displacement);
          this.#body.set(this.#target, i64.add(i64.load(i32.const(0), Slot.pageBase), distance));
          this.#body.br(this.#jump);
        },
      },
      { build: pauses(Pause.once) },
      {
        build: () => {
          this.#giveBack();
          const record = this.#body.get(this.#record);
          this.#body.set(this.#record, i32.add(record, i32.load(record, Field.immediate)));
          this.#body.br(this.#main);
        },
      },
      { build: () => this.#count() },
      { build: pauses(Pause.region) },
      { build: () => this.#complexAddress('indexed') },
      { build: () => this.#complexAddress('segmented') },
      { build: () => this.#leave(Pause.rare) },
    ];
  }

  #count(): void {
    const body = this.#body;
    const record = body.get(this.#record);
    this.#giveBack();
    const left = body.let(i32.sub(i32.load(record, Field.displacement), i32.const(1)));
    body.do(i32.store(record, left, Field.displacement));
    body.if(i32.eqz(left), () => this.#leave(Pause.hot));
    body.set(this.#record, i32.add(record, i32.load(record, Field.immediate)));
    body.br(this.#main);
  }

  /** A segment's address may be one of 32 bits: outside 64-bit mode all are. */
  #complexAddress(kind: 'indexed' | 'segmented'): void {
    const body = this.#body;
    const record = body.get(this.#record);
    const packed = body.let(i32.load8u(record, Field.scaleSegment));
    const index = i64.shl(
      i64.load(i32.load8u(record, Field.index)),
      i64.extendU(i32.and(packed, i32.const(3))),
    );
    const sum = i64.add(this.#baseAddress(), index);
    const size = i32.shl(i32.and(packed, i32.const(ADDRESS_32)), i32.const(1));
    const offset = i64.and(sum, i64.load(size, State.masks));
    const segment = i64.load(i32.and(packed, i32.const(SEGMENT_BITS)), State.segmentBases);
    body.set(this.#address, kind === 'indexed' ? sum : i64.add(offset, segment));
    const base = this.ops[`${kind}Base`];
    body.brTable(i32.sub(body.get(this.#op), i32.const(base)), this.#memoryLabels, this.#bail);
  }

  #baseAddress(): Expr {
    const record = this.#body.get(this.#record);
    return i64.add(i64.load(i32.load8u(record, Field.rm)), i64.load32s(record, Field.displacement));
  }

  #formArm(form: Form): Arm {
    const body = this.#body;
    const build = () => {
      const frame = {
        record: this.#record,
        address: this.#address,
        target: this.#target,
        main: this.#main,
        jump: this.#jump,
        bail: this.#bail,
        signatures: this.signatures,
      };
      const emitter = new HotEmitter(body, form, frame);
      emitForm(emitter);
      emitter.finish();
    };
    if (form.variant !== 'm') return { build };
    return { build, address: () => body.set(this.#address, this.#baseAddress()) };
  }
}
