import { Session } from '../session/session.js';
import type { SessionOptions } from '../session/session.js';
import { FakeTarget } from './fake-target.js';

export interface Bench {
  readonly target: FakeTarget;
  readonly session: Session;
  /** Bodies that the session sent, oldest first. */
  readonly sent: string[];
  /** Sends a body and answers the next one that comes back. */
  ask(body: string): Promise<string>;
  /** The next body that comes back. */
  next(): Promise<string>;
}

/** A session without a wire, on a fake target that `prepare` has set up. */
export function bench(
  prepare: (target: FakeTarget) => void = () => {},
  options: Partial<SessionOptions> = {},
): Bench {
  const target = new FakeTarget();
  prepare(target);
  const sent: string[] = [];
  const output = {
    send: (body: string) => void sent.push(body),
    congested: false,
    stopAcknowledging() {},
    close() {},
  };
  const session = new Session(target, output, { report: fail, ...options });
  const next = () => arrival(sent);
  return { target, session, sent, next, ask: (body) => (session.receive(body), next()) };
}

function fail(error: unknown): never {
  throw error;
}

async function arrival(sent: string[]): Promise<string> {
  for (let turns = 0; turns < 2000; turns++) {
    const body = sent.shift();
    if (body !== undefined) return body;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('no answer came');
}
