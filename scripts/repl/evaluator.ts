import { Console } from 'node:console';
import { PassThrough, Writable } from 'node:stream';
import { Recoverable, start } from 'node:repl';
import type { REPLEval, REPLServer } from 'node:repl';
import type { Name } from './names.js';
import type { Writer } from './writer.js';

/** Puts the names into a context. They are constants of a session: a typing mistake shall not lose the machine. */
export function defineNames(server: REPLServer, names: readonly Name[]): void {
  for (const { name, value } of names) {
    Object.defineProperty(server.context, name, { value, enumerable: true, configurable: true });
  }
}

export interface EvaluatorOptions {
  readonly names: readonly Name[];
  readonly write: Writer;
  readonly output: Writable;
  readonly errors: Writable;
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  /** As Node's REPL would print it. */
  | { readonly kind: 'error'; readonly text: string }
  /** More lines are to come. */
  | { readonly kind: 'incomplete' };

// Node's REPL tells of an error only by printing it and then its prompt.
const PROMPT = '\0prompt\0';

/** Node's evaluator, `await` and all, without a prompt or a terminal: one statement at a time. */
export class Evaluator {
  readonly #server: REPLServer & { eval: REPLEval };
  #printed = '';
  #answer: (outcome: Outcome) => void = () => {};

  constructor({ names, write, output, errors }: EvaluatorOptions) {
    const errorText = new Writable({ write: (chunk, _encoding, done) => done(this.#heard(String(chunk))) });
    const fixed = { prompt: PROMPT, terminal: false, input: new PassThrough() };
    this.#server = start({ ...fixed, output: errorText, writer: write }) as REPLServer & { eval: REPLEval };
    this.#server.context['console'] = new Console(output, errors);
    defineNames(this.#server, names);
  }

  /** Waits for a value that is a promise. One call at a time. */
  async evaluate(code: string): Promise<Outcome> {
    this.#printed = '';
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#answer = resolve;
      this.#server.eval(code, this.#server.context, 'repl', (error, value) =>
        resolve(outcomeOf(error, value)),
      );
    });
    return outcome.kind === 'value' ? settled(outcome.value) : outcome;
  }

  close(): void {
    this.#server.close();
  }

  #heard(text: string): null {
    this.#printed += text;
    const end = this.#printed.indexOf(PROMPT);
    if (end >= 0) this.#answer({ kind: 'error', text: this.#printed.slice(0, end).trimEnd() });
    return null;
  }
}

function outcomeOf(error: Error | null, value: unknown): Outcome {
  if (error instanceof Recoverable) return { kind: 'incomplete' };
  return error ? uncaught(error) : { kind: 'value', value };
}

async function settled(value: unknown): Promise<Outcome> {
  try {
    return { kind: 'value', value: await value };
  } catch (error) {
    return uncaught(error);
  }
}

function uncaught(error: unknown): Outcome {
  const { name, message } = (error ?? {}) as Partial<Error>;
  return { kind: 'error', text: `Uncaught ${message === undefined ? String(error) : `${name}: ${message}`}` };
}
