import type { EditorTerminal, EditResult } from './line-editor.js';

/** Lines as the terminal's own line discipline gives them: for terminals without a cursor, and for input that nobody types. */
export class PlainLines {
  #pending = '';

  constructor(private readonly terminal: EditorTerminal) {}

  readLine(prompt: string): EditResult {
    this.terminal.write(prompt);
    while (!this.#pending.includes('\n')) {
      const more = this.terminal.read();
      if (more === undefined) return this.#last();
      this.#pending += more;
    }
    return this.#take(this.#pending.indexOf('\n'));
  }

  /** What stands in front of the end of input without a newline is a line as well. */
  #last(): EditResult {
    return this.#pending === '' ? { kind: 'end' } : this.#take(this.#pending.length);
  }

  #take(length: number): EditResult {
    const text = this.#pending.slice(0, length);
    this.#pending = this.#pending.slice(length + 1);
    return { kind: 'line', text };
  }
}
