import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Evaluator } from './evaluator.js';
import type { EvaluatorOptions } from './evaluator.js';
import { helpText } from './names.js';

export interface StatementsOptions extends EvaluatorOptions {
  readonly input: Readable;
  /** The first statement waits for it. */
  readonly up: Promise<void>;
}

/**
 * Reads statements from an input that is no terminal: each waits for the one before it, prints its result, and a mistake
 * does not keep the next from running. Answers 0, or 1 when any of them failed, once the input has ended.
 */
export async function runStatements(options: StatementsOptions): Promise<number> {
  // First this: lines that come before somebody iterates over them are lost.
  await options.up;
  const lines = createInterface({ input: options.input, crlfDelay: Infinity });
  const statements = new Statements(options);
  for await (const line of lines) {
    if (!(await statements.take(line))) break;
  }
  lines.close();
  return statements.end();
}

class Statements {
  readonly #evaluator: Evaluator;
  #pending = '';
  #failed = false;

  constructor(private readonly options: StatementsOptions) {
    this.#evaluator = new Evaluator(options);
  }

  /** False when the line ends the session. */
  async take(line: string): Promise<boolean> {
    const command = this.#pending === '' ? /^\.(\w+)\s*(.*)$/.exec(line.trim()) : null;
    if (command?.[1] === 'exit') return false;
    if (command?.[1] === 'help') this.options.output.write(`${helpText(this.options.names, command[2])}\n`);
    else if (this.#pending !== '' || line.trim() !== '') await this.#evaluate(`${this.#pending}${line}\n`);
    return true;
  }

  /** The exit status. */
  end(): number {
    this.#evaluator.close();
    if (this.#pending !== '') this.#fail('Uncaught SyntaxError: the input ended within a statement');
    return this.#failed ? 1 : 0;
  }

  async #evaluate(code: string): Promise<void> {
    const outcome = await this.#evaluator.evaluate(code);
    this.#pending = outcome.kind === 'incomplete' ? code : '';
    if (outcome.kind === 'error') this.#fail(outcome.text);
    if (outcome.kind !== 'value' || outcome.value === undefined) return;
    this.options.output.write(`${this.options.write(outcome.value)}\n`);
  }

  #fail(text: string): void {
    this.#failed = true;
    this.options.errors.write(`${text}\n`);
  }
}
