import { ControlBit } from './control-bits.js';
import { state32, state64 } from './emitter/emitter.js';
import {
  CODE_PAGES,
  CodeKind,
  Derived,
  ENTERED_PAGES,
  MOST_TLB_LOCALS,
  PAGE_BYTES,
  RAM,
  State,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_LOCALS,
  TLB_WRITE,
  WATCHED_PAGES,
} from './layout.js';
import { CR0_PG, CR0_WP, EFER_NXE, PageBit, RESERVED_HIGH, RESERVED_LARGE } from './paging.js';
import type { Label } from './wasm/body.js';
import { Body, call } from './wasm/body.js';
import type { Expr } from './wasm/expr.js';
import { i32, i64, select } from './wasm/expr.js';
import { ModuleBuilder } from './wasm/module.js';

/** (linear address, access) => host address, or 0 where TypeScript has to look. The access is one of `slow`. */
export const WALK = { parameters: ['i64', 'i32'], results: ['i32'] } as const;
const SLOW = { parameters: ['i32'], results: ['i32'] } as const;

const WRITES = 0x100;
const PAGE_NUMBERS = TLB_ENTRIES - 1;
/** Where in an address the index into a table begins, by level. */
const SHIFTS = [12, 21, 30, 39] as const;
const ADDRESS = 0x000f_ffff_ffff_f000n;

/**
 * The page walk in generated code, for data, in 64-bit mode and where there is no paging: a module that exports `walk`, and `slow` as rare forms call it. It enters
 * what it finds into the TLB. It declines whatever ends in a fault, a device, written code, protection keys or SMAP, and has then
 * changed nothing but accessed and dirty bits that the walk in TypeScript sets too.
 */
export function pageWalkModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  /** (access) => host or -1: `MemoryUnit.slow`. */
  const slowly = module.importFunction('slowly', SLOW);
  /** (access) => nothing: it is at `State.address`, in a page that somebody may watch. */
  const watched = module.importFunction('watched', { parameters: ['i32'], results: [] });
  module.importMemory('memory', 1);
  module.add(WALK, new PageWalk(undefined).build(), 'walk');
  const walk = module.add(WALK, new PageWalk(watched).build());
  module.add(SLOW, slowFunction(walk, slowly), 'slow');
  return module.bytes();
}

function slowFunction(walk: number, slowly: number): Body {
  const body = new Body(['i32']);
  const access = body.get(body.parameter(0));
  const host = body.let(call(walk, 'i32', state64(State.address), access));
  body.if(host, () => body.return(host));
  body.do(call(slowly, 'i32', access));
  return body;
}

class PageWalk {
  readonly #body = new Body([...WALK.parameters]);
  readonly #address = this.#body.get(this.#body.parameter(0));
  readonly #access = this.#body.get(this.#body.parameter(1));
  readonly #writes = this.#body.let(i32.and(this.#access, i32.const(WRITES)));
  readonly #bytes = this.#body.let(i64.extendU(i32.and(this.#access, i32.const(0xff))));
  readonly #ramBytes = this.#body.let(i64.load32u(i32.const(0), Derived.ramBytes));
  readonly #reserved = this.#body.local('i64');
  readonly #table = this.#body.local('i64');
  readonly #entry = this.#body.local('i64');
  /** Of the entry, in RAM. */
  readonly #place = this.#body.local('i32');
  /** Bits that all entries have. */
  readonly #rights = this.#body.local('i32');
  readonly #offsetMask = this.#body.local('i64');

  /** `watched` is called with the access, which is then allowed; where it is not there, those of watched pages are declined. */
  constructor(private readonly watched: number | undefined) {}

  build(): Body {
    const body = this.#body;
    const end = i64.add(i64.and(this.#address, i64.const(PAGE_BYTES - 1)), this.#bytes);
    this.#decline(i64.gtU(end, i64.const(PAGE_BYTES)));
    body.set(this.#rights, i32.const(-1));
    body.if(
      i32.eq(state32(State.codeKind), i32.const(CodeKind.long)),
      () => this.#walk(),
      () => this.#unpaged(),
    );
    this.#requireRights();
    this.#touch(
      select(this.#writes, i32.const(PageBit.ACCESSED | PageBit.DIRTY), i32.const(PageBit.ACCESSED)),
    );
    const host = this.#host();
    this.#answerWatched(host);
    this.#enter(host);
    body.do(host);
    return body;
  }

  #decline(condition: Expr): void {
    this.#body.if(condition, () => this.#body.return(i32.const(0)));
  }

  #walk(): void {
    const body = this.#body;
    this.#decline(i64.ne(i64.shrS(i64.shl(this.#address, i64.const(16)), i64.const(16)), this.#address));
    const high = BigInt(RESERVED_HIGH) << 32n;
    const hasNoExecute = i32.and(state32(State.efer), i32.const(EFER_NXE));
    body.set(this.#reserved, select(hasNoExecute, i64.const(high), i64.const(high | (1n << 63n))));
    body.set(this.#table, i64.and(state64(State.cr3), i64.const(ADDRESS)));
    body.block((leaf) => {
      for (let level = 3; level >= 0; level--) this.#level(level, leaf);
    });
  }

  /** As if an entry for the very same page had been found; in a flat segment, which addresses without a mark are in. */
  #unpaged(): void {
    const body = this.#body;
    this.#decline(i32.and(state32(State.cr0), i32.const(CR0_PG)));
    this.#decline(i64.ne(i64.shrU(this.#address, i64.const(32)), i64.const(0)));
    const page = i64.and(this.#address, i64.const(-PAGE_BYTES));
    body.set(this.#entry, i64.or(page, i64.const(PageBit.ACCESSED | PageBit.DIRTY)));
    body.set(this.#offsetMask, i64.const(PAGE_BYTES - 1));
  }

  #level(level: number, leaf: Label): void {
    const body = this.#body;
    const index = i64.and(i64.shrU(this.#address, i64.const(SHIFTS[level]!)), i64.const(511));
    const at = body.let(i64.add(body.get(this.#table), i64.shl(index, i64.const(3))));
    this.#decline(i64.gtU(i64.add(at, i64.const(8)), this.#ramBytes));
    body.set(this.#place, i32.wrap(at));
    body.set(this.#entry, i64.load(body.get(this.#place), RAM));
    const entry = body.let(i32.wrap(body.get(this.#entry)));
    this.#decline(i32.eqz(i32.and(entry, i32.const(PageBit.PRESENT))));
    this.#decline(i64.ne(i64.and(body.get(this.#entry), body.get(this.#reserved)), i64.const(0)));
    body.set(this.#rights, i32.and(body.get(this.#rights), entry));
    body.set(this.#offsetMask, i64.const((1n << BigInt(SHIFTS[level]!)) - 1n));
    if (level === 0) return;
    const large = i32.and(entry, i32.const(PageBit.LARGE));
    if (level === 3) this.#decline(large);
    else
      body.if(large, () => {
        this.#decline(i32.and(entry, i32.const(RESERVED_LARGE[level as 1 | 2])));
        body.br(leaf);
      });
    this.#touch(i32.const(PageBit.ACCESSED));
    body.set(this.#table, i64.and(body.get(this.#entry), i64.const(ADDRESS)));
  }

  /** Sets bits of the entry, where they are not there yet. */
  #touch(bits: Expr): void {
    const body = this.#body;
    const wanted = body.let(bits);
    const entry = body.let(i32.wrap(body.get(this.#entry)));
    body.if(i32.ne(i32.and(entry, wanted), wanted), () =>
      body.do(i32.store(body.get(this.#place), i32.or(entry, wanted), RAM)),
    );
  }

  #requireRights(): void {
    const body = this.#body;
    const has = (bit: number) => i32.and(body.get(this.#rights), i32.const(bit));
    const isUser = body.let(i32.eq(state32(State.cpl), i32.const(3)));
    const control = state32(State.cr4);
    body.if(
      has(PageBit.USER),
      () => {
        this.#decline(i32.and(control, i32.const(ControlBit.PKE)));
        this.#decline(
          i32.and(i32.eqz(isUser), i32.ne(i32.and(control, i32.const(ControlBit.SMAP)), i32.const(0))),
        );
      },
      () => this.#decline(isUser),
    );
    const isProtected = i32.or(isUser, i32.and(state32(State.cr0), i32.const(CR0_WP)));
    body.if(i32.and(i32.eqz(has(PageBit.WRITABLE)), i32.ne(this.#writes, i32.const(0))), () =>
      this.#decline(isProtected),
    );
  }

  /** Where the bytes are, in RAM; not in a page with code, when they are written. */
  #host(): Expr {
    const body = this.#body;
    const page = i64.and(i64.and(body.get(this.#entry), i64.const(ADDRESS)), not(body.get(this.#offsetMask)));
    const physical = body.let(i64.or(page, i64.and(this.#address, body.get(this.#offsetMask))));
    this.#decline(i64.gtU(i64.add(physical, this.#bytes), this.#ramBytes));
    const number = i32.wrap(i64.shrU(physical, i64.const(12)));
    body.if(this.#writes, () => this.#decline(i32.load8u(number, CODE_PAGES)));
    return body.let(i32.add(i32.wrap(physical), i32.const(RAM)));
  }

  #answerWatched(host: Expr): void {
    const body = this.#body;
    const number = i32.wrap(i64.shrU(this.#address, i64.const(12)));
    body.if(i32.load8u(i32.and(number, i32.const(PAGE_NUMBERS)), WATCHED_PAGES), () => {
      if (this.watched !== undefined) body.do(call(this.watched, 'none', this.#access));
      body.return(this.watched === undefined ? i32.const(0) : host);
    });
  }

  #enter(host: Expr): void {
    const body = this.#body;
    const index = i32.and(
      i32.wrap(i64.shrU(this.#address, i64.const(8))),
      i32.const(PAGE_NUMBERS * TLB_ENTRY_BYTES),
    );
    const table = i32.add(state32(State.tlb), select(this.#writes, i32.const(TLB_WRITE), i32.const(0)));
    const at = body.let(i32.add(table, index));
    body.do(i64.store(at, i64.and(this.#address, i64.const(-PAGE_BYTES))));
    body.do(i32.store(at, i32.sub(host, i32.wrap(this.#address)), 8));
    body.do(i32.store8(i32.shrU(host, i32.const(12)), i32.const(1), ENTERED_PAGES));
    const isGlobal = i32.and(
      i32.wrap(body.get(this.#entry)),
      i32.shl(i32.and(state32(State.cr4), i32.const(ControlBit.PGE)), i32.const(1)),
    );
    body.if(i32.eqz(isGlobal), () => this.#noteLocal(at));
  }

  /** As `Tlb` does. */
  #noteLocal(at: Expr): void {
    const body = this.#body;
    const count = body.let(state32(Derived.tlbLocals));
    body.if(i32.ltU(count, i32.const(MOST_TLB_LOCALS)), () =>
      body.do(i32.store(i32.shl(count, i32.const(2)), i32.shrU(at, i32.const(2)), TLB_LOCALS)),
    );
    body.do(i32.store(i32.const(0), i32.add(count, i32.const(1)), Derived.tlbLocals));
  }
}

const not = (value: Expr) => i64.xor(value, i64.const(-1));
