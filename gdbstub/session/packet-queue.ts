import type { Answer } from '../packets/packet.js';
import { EIO, ETIMEDOUT, Refused } from '../packets/refused.js';

const ANSWER_LIMIT_MS = 10_000;

export interface QueueEvents {
  answer(body: string): Answer | Promise<Answer>;
  send(body: string): void;
  /** gdb understands errors in words. */
  isWordy(): boolean;
  /** Answer nothing more until `drain` is called. */
  isCongested(): boolean;
  /** A fault of the target, not of the debugger. */
  report(error: unknown): void;
}

/** Answers packets one after the other, in order, each within a time limit. */
export class PacketQueue {
  readonly #waiting: string[] = [];
  #busy = false;

  constructor(readonly events: QueueEvents) {}

  push(body: string): void {
    this.#waiting.push(body);
    this.drain();
  }

  /** Nothing is answered until `release`. */
  hold(): void {
    this.#busy = true;
  }

  release(): void {
    this.#busy = false;
    this.drain();
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  drain(): void {
    while (!this.#busy && !this.events.isCongested()) {
      const body = this.#waiting.shift();
      if (body === undefined) return;
      this.#answer(body);
    }
  }

  #answer(body: string): void {
    try {
      const answer = this.events.answer(body);
      if (answer instanceof Promise) this.#later(answer);
      else this.#send(answer);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #later(answer: Promise<Answer>): void {
    this.hold();
    void withinLimit(answer)
      .then((body) => this.#send(body))
      .catch((error: unknown) => this.#refuse(error))
      .finally(() => this.release());
  }

  #send(answer: Answer): void {
    if (answer !== undefined) this.events.send(answer);
  }

  #refuse(error: unknown): void {
    if (!(error instanceof Refused)) this.events.report(error);
    const refused = error instanceof Refused ? error : new Refused(EIO, 'the target failed');
    this.events.send(refused.answer(this.events.isWordy()));
  }
}

async function withinLimit(answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Refused(ETIMEDOUT, 'the target took too long')), ANSWER_LIMIT_MS);
  });
  return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
}
