import { LIBRARY } from './emitter/record-emitter.js';
import type { Generated } from './generated.js';

type Functions = Record<string, unknown>;

/** Gives generated modules what they import: functions of this CPU, and library functions when one is named. */
export class Linker {
  #library: Functions | undefined;

  constructor(
    private readonly generated: Generated,
    private readonly imports: Functions,
  ) {}

  link(module: WebAssembly.Module): WebAssembly.Instance {
    const needsLibrary = WebAssembly.Module.imports(module).some((entry) => entry.module === LIBRARY);
    const library = needsLibrary ? (this.#library ??= this.#loadLibrary()) : {};
    return new WebAssembly.Instance(module, { env: this.imports, [LIBRARY]: library });
  }

  #loadLibrary(): Functions {
    return new WebAssembly.Instance(this.generated.library, { env: this.imports }).exports;
  }
}
