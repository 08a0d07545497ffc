import type { BuiltProgram } from '../../plugins/kernel/isolates/isolate-engine.js';
import { isolateProgramNames, loadIsolateProgram } from '../assets/isolate-program.js';

/** Every program of `plugins/services`, ready to be started. */
export class Programs {
  readonly #programs = new Map<string, BuiltProgram>();

  constructor(private readonly load: (name: string) => Promise<BuiltProgram> = loadIsolateProgram) {}

  async loadAll(): Promise<void> {
    const names = await isolateProgramNames();
    await Promise.all(names.map((name) => this.reload(name)));
  }

  /** As built, or compiled again from its source. */
  async reload(name: string): Promise<BuiltProgram> {
    const program = await this.load(name);
    this.#programs.set(name, program);
    return program;
  }

  /** From now on this is what runs under a name. */
  put(name: string, program: BuiltProgram): void {
    this.#programs.set(name, program);
  }

  get names(): readonly string[] {
    return [...this.#programs.keys()];
  }

  find(name: string): BuiltProgram | undefined {
    return this.#programs.get(name);
  }
}
