import type { Stat } from '../../../../core/abi/structs.js';

/** The caller has to wait: the front end lets others run and tries again. */
export class MustWait extends Error {}

/** The context was killed while it was in a call. No Error: no program may catch it. */
export class ContextKilled {}

/** A wait that nothing in a sequential test can end. */
export class WaitsForEver {
  constructor(readonly message: string) {}
}

export interface MockDescription {
  readonly scheme: MockScheme;
  readonly number: number;
  flags: number;
  offset: number;
  positioned: boolean;
  references: number;
}

export type MockOpened =
  { readonly number: number; readonly positioned?: boolean } | { readonly description: MockDescription };

export interface CallParts {
  readonly payload: Uint8Array;
  readonly metadata: readonly number[];
  readonly flags: number;
}

export interface CallResult {
  readonly result: number;
  readonly bytes?: Uint8Array;
}

/** A scheme of the mock kernel. Missing parts answer as the reference says for kernel schemes. */
export interface MockScheme {
  readonly name: string;
  openat?(context: MockContext, number: number, path: string, flags: number): MockOpened;
  dup?(context: MockContext, description: MockDescription, name: Uint8Array): MockOpened;
  read?(
    context: MockContext,
    description: MockDescription,
    length: number,
    offset: number,
    flags: number,
  ): Uint8Array;
  write?(
    context: MockContext,
    description: MockDescription,
    bytes: Uint8Array,
    offset: number,
    flags: number,
  ): number;
  fsize?(context: MockContext, description: MockDescription): number;
  fstat?(context: MockContext, description: MockDescription): Partial<Stat>;
  fpath?(context: MockContext, description: MockDescription): string;
  fcntl?(context: MockContext, description: MockDescription, command: number, argument: number): number;
  fevent?(context: MockContext, description: MockDescription, mask: number): number;
  path?(context: MockContext, description: MockDescription, operation: 'flink' | 'frename', to: string): void;
  unlinkat?(context: MockContext, number: number, path: string, flags: number): void;
  stdFs?(context: MockContext, description: MockDescription, parts: CallParts): CallResult;
  call?(context: MockContext, description: MockDescription, parts: CallParts): CallResult;
  sendFds?(
    context: MockContext,
    description: MockDescription,
    sent: readonly MockDescription[],
    metadata: readonly number[],
  ): number;
  fchown?(context: MockContext, description: MockDescription, uid: number, gid: number): void;
  close?(number: number): void;
}

export interface MockContext {
  readonly id: number;
  readonly memory: Uint8Array;
  readonly table: Map<number, MockDescription>;
  attributes: { pid: number; uid: number; gid: number; name: string };
  state: 'new' | 'running' | 'dead';
  /** A request to a user scheme that this context waits for. */
  waiting: object | undefined;
  /** Bytes of the engine handle. */
  engine: string;
  exception: boolean;
  forceKilled: boolean;
}
