import { Body, call } from '../wasm/body.js';
import type { Local } from '../wasm/body.js';
import type { Expr, ValueType } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import type { Signature } from '../wasm/module.js';
import { ModuleBuilder } from '../wasm/module.js';

export interface Variable {
  readonly local: Local;
  get(): Expr;
  set(value: Expr): void;
}

/** A library function under construction. */
export class FunctionBuilder {
  constructor(
    readonly body: Body,
    private readonly library: Library,
  ) {}

  argument(index: number): Expr {
    return this.body.get(this.body.parameter(index));
  }

  /** Computes once, reads often. */
  let(value: Expr): Expr {
    const local = this.body.local(value.type as ValueType);
    this.body.set(local, value);
    return this.body.get(local);
  }

  variable(initial: Expr): Variable {
    const local = this.body.local(initial.type as ValueType);
    this.body.set(local, initial);
    return this.#variable(local);
  }

  do(...code: Expr[]): void {
    for (const one of code) this.body.do(one);
  }

  if(condition: Expr, then: () => void, otherwise?: () => void): void {
    this.body.if(condition, then, otherwise);
  }

  return(value?: Expr): void {
    this.body.return(value);
  }

  call(name: string, ...args: Expr[]): Expr {
    return this.library.call(name, ...args);
  }

  /** Runs `step` a fixed number of times. */
  times(count: number, step: (counter: Expr) => void): void {
    const counter = this.variable(i32.const(0));
    this.body.loop((again) => {
      step(counter.get());
      counter.set(i32.add(counter.get(), i32.const(1)));
      this.body.brIf(again, i32.ltU(counter.get(), i32.const(count)));
    });
  }

  #variable(local: Local): Variable {
    return { local, get: () => this.body.get(local), set: (value) => this.body.set(local, value) };
  }
}

/** Functions over the CPU's memory that meanings of rows call by name. Definitions come before their callers. */
export class Library {
  readonly #module = new ModuleBuilder();
  readonly #imports = new Map<string, { index: number; signature: Signature }>();
  readonly #functions = new Map<string, { index: number; signature: Signature }>();

  #signatures: ReadonlyMap<string, Signature> | undefined;

  constructor() {
    this.#module.importMemory('memory', 1);
  }

  /** A function that TypeScript provides; imports come before the first definition. */
  import(name: string, parameters: readonly ValueType[], results: readonly ValueType[]): void {
    const signature = { parameters, results };
    this.#imports.set(name, { index: this.#module.importFunction(name, signature), signature });
  }

  /** `build` answers the result, or nothing where the function has none. */
  define(
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    build: (f: FunctionBuilder) => Expr | void,
  ): void {
    const body = new Body(parameters);
    const value = build(new FunctionBuilder(body, this));
    if (value) body.do(value);
    const signature = { parameters, results };
    this.#functions.set(name, { index: this.#module.add(signature, body, name), signature });
  }

  call(name: string, ...args: Expr[]): Expr {
    const known = this.#functions.get(name) ?? this.#imports.get(name);
    if (!known) throw new Error(`no library function ${name}`);
    return call(known.index, known.signature.results[0] ?? 'none', ...args);
  }

  signatures(): ReadonlyMap<string, Signature> {
    return (this.#signatures ??= new Map(
      [...this.#functions].map(([name, { signature }]) => [name, signature]),
    ));
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#module.bytes();
  }
}

export const zero32 = i32.const(0);
export const one32 = i32.const(1);
export const zero64 = i64.const(0);
export const TOP_BIT = i64.const(-(2n ** 63n));
export const QUIET_BIT = i64.const(2n ** 62n);
/** 1 where the i64 is not zero. */
export const nonzero = (value: Expr) => i64.ne(value, zero64);
