import type { Description } from '../../files/description.js';
import type { MemoryObject } from '../../memory/memory-object.js';

/** What a server said. Bytes and objects were taken from it when it answered. */
export interface Answer {
  readonly result: number;
  readonly newFdFlags?: number;
  readonly file?: Description;
  readonly bytes?: Uint8Array;
  readonly object?: MemoryObject;
  readonly files?: readonly Description[];
}

/** A message from a client to a server, by its tag, until the client has taken the answer. */
export interface Request {
  readonly tag: number;
  readonly opcode: number;
  readonly args: readonly number[];
  readonly payload: Uint8Array | undefined;
  /** Bytes the client's buffer accepts. */
  readonly accept: number;
  readonly caller: number;
  /** Descriptions that travel with the request until the server obtains them. */
  attached: Description[];
  /** Descriptions the server has put aside for its answer. */
  moved: Description[];
  /** Id of the context that has it in its hands. */
  receiver: number | undefined;
  /** A server died with it once: it is not tried a third time. */
  replayed: boolean;
  canceling: boolean;
  abandoned: boolean;
  answer: Answer | undefined;
  /** For a question of the kernel itself: there is no context that waits. */
  readonly answered: ((answer: Answer) => void) | undefined;
}

export type NewRequest = Pick<Request, 'opcode' | 'args'> & {
  readonly payload?: Uint8Array;
  readonly accept?: number;
  readonly attached?: Description[];
  readonly answered?: (answer: Answer) => void;
};
