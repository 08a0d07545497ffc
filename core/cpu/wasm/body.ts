import { leb128 } from './encode.js';
import type { Expr, ValueType } from './expr.js';
import { expr, flatten, TYPE_BYTE } from './expr.js';

export interface Local {
  readonly type: ValueType;
  readonly index: number;
}

export type Label = number;

const VOID = 0x40;
const [BLOCK, LOOP, IF, ELSE, END, BR, BR_IF, BR_TABLE, RETURN, CALL, CALL_INDIRECT] = [
  2, 3, 4, 5, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
];
const [LOCAL_GET, LOCAL_SET] = [0x20, 0x21];

/** The body of one function under construction: statements are appended, temporaries handed out and reused. */
export class Body {
  #code: number[] = [];
  /** Where branches lie that are hardly ever taken, ascending. */
  #rare: number[] = [];
  readonly #locals: ValueType[] = [];
  readonly #parameters: readonly ValueType[];
  #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  #taken: Local[] = [];
  #depth = 0;
  /** The next `if` hardly ever holds. */
  #isRare = false;

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters;
  }

  parameter(index: number): Local {
    return { type: this.#parameters[index]!, index };
  }

  /** A local for the life of the function. */
  local(type: ValueType): Local {
    return { type, index: this.#parameters.length + this.#locals.push(type) - 1 };
  }

  /** A local until the enclosing `scope` ends. */
  temporary(type: ValueType): Local {
    const local = this.#free[type].pop() ?? this.local(type);
    this.#taken.push(local);
    return local;
  }

  /** Temporaries taken inside are free again afterwards. */
  scope(build: () => void): void {
    const outer = this.#taken;
    this.#taken = [];
    try {
      build();
    } finally {
      for (const local of this.#taken) this.#free[local.type].push(local);
      this.#taken = outer;
    }
  }

  get(local: Local): Expr {
    return expr(local.type, [LOCAL_GET!, ...leb128(local.index)]);
  }

  set(local: Local, value: Expr): void {
    this.do(value);
    this.#code.push(LOCAL_SET!, ...leb128(local.index));
  }

  /** The code of `set`, for a larger piece of code. */
  assignment(local: Local, value: Expr): Expr {
    return expr('none', [value, LOCAL_SET!, ...leb128(local.index)]);
  }

  /** Computes `value` now; the answer reads what was computed. */
  let(value: Expr): Expr {
    const local = this.temporary(value.type as ValueType);
    this.set(local, value);
    return this.get(local);
  }

  /** Appends code: a store, or a value left on the stack. */
  do(code: Expr): void {
    flatten(code, this.#code);
  }

  /** Appends what `build` does, or nothing where that throws: then the answer is what was thrown. */
  attempt(build: () => void): unknown {
    const [length, depth] = [this.#code.length, this.#depth];
    try {
      this.scope(build);
      return undefined;
    } catch (error) {
      this.#code.length = length;
      this.#rare = this.#rare.filter((at) => at < length);
      this.#depth = depth;
      return error;
    }
  }

  /** Puts what `build` appends in front of everything. */
  inFront(build: () => void): void {
    const [behind, rareBehind] = [this.#code, this.#rare];
    [this.#code, this.#rare] = [[], []];
    build();
    const { length } = this.#code;
    for (const byte of behind) this.#code.push(byte);
    for (const at of rareBehind) this.#rare.push(at + length);
  }

  if(condition: Expr, then: () => void, otherwise?: () => void): void {
    this.do(condition);
    if (this.#isRare) this.#rare.push(this.#code.length);
    this.#isRare = false;
    this.#code.push(IF!, VOID);
    this.#depth++;
    then();
    if (otherwise) {
      this.#code.push(ELSE!);
      otherwise();
    }
    this.#end();
  }

  /** `br(label)` goes behind the block. */
  block(build: (label: Label) => void): void {
    this.#code.push(BLOCK!, VOID);
    build(this.#depth++);
    this.#end();
  }

  /** `br(label)` starts the loop again; falling off the end leaves it. */
  loop(build: (label: Label) => void): void {
    this.#code.push(LOOP!, VOID);
    build(this.#depth++);
    this.#end();
  }

  /** Opens a block by hand, for nests that are closed one arm at a time. */
  open(): Label {
    this.#code.push(BLOCK!, VOID);
    return this.#depth++;
  }

  /** The same for a loop. */
  openLoop(): Label {
    this.#code.push(LOOP!, VOID);
    return this.#depth++;
  }

  close(): void {
    this.#end();
  }

  br(label: Label): void {
    this.#code.push(BR!, ...leb128(this.#depth - 1 - label));
  }

  brIf(label: Label, condition: Expr): void {
    this.do(condition);
    this.#code.push(BR_IF!, ...leb128(this.#depth - 1 - label));
  }

  /** The same, for what is hardly ever so: the registers of the other way are not given up for it. */
  brIfRarely(label: Label, condition: Expr): void {
    this.do(condition);
    this.#rare.push(this.#code.length);
    this.#code.push(BR_IF!, ...leb128(this.#depth - 1 - label));
  }

  /** `if` for what is hardly ever so. */
  ifRarely(condition: Expr, then: () => void): void {
    if (condition.constant === undefined) this.#isRare = true;
    this.if(condition, then);
  }

  brTable(index: Expr, labels: readonly Label[], otherwise: Label): void {
    this.do(index);
    const depths = [...labels, otherwise].map((label) => leb128(this.#depth - 1 - label));
    this.#code.push(BR_TABLE!, ...leb128(labels.length), ...depths.flat());
  }

  return(value?: Expr): void {
    if (value) this.do(value);
    this.#code.push(RETURN!);
  }

  unreachable(): void {
    this.#code.push(0x00);
  }

  /** Pops a value that a call with several results left on the stack. */
  popInto(local: Local): void {
    this.#code.push(LOCAL_SET!, ...leb128(local.index));
  }

  /** Places of rare branches, from where the function's locals are declared. */
  get rareBranches(): readonly number[] {
    const { length } = this.#head();
    return this.#rare.map((at) => at + length);
  }

  #head(): number[] {
    const locals = this.#locals.flatMap((type) => [1, TYPE_BYTE[type]]);
    return [...leb128(this.#locals.length), ...locals];
  }

  /** Locals and code with their length, as the code section wants them. */
  finish(): number[] {
    const head = this.#head();
    return leb128(head.length + this.#code.length + 1).concat(head, this.#code, [END!]);
  }

  #end(): void {
    this.#depth--;
    this.#code.push(END!);
  }
}

export const call = (index: number, type: Expr['type'], ...args: Expr[]): Expr =>
  expr(type, [...args, CALL!, ...leb128(index)]);

export const callIndirect = (type: number, result: Expr['type'], callee: Expr, ...args: Expr[]): Expr =>
  expr(result, [...args, callee, CALL_INDIRECT!, ...leb128(type), 0]);
