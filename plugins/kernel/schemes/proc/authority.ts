import { Errno } from '../../../../core/abi/errno.js';
import { AuthorityDup } from '../../../../core/abi/kernel-schemes.js';
import type { Context, Engine } from '../../contexts/context.js';
import type { Caller, Opened } from '../../files/description.js';
import { FileTable } from '../../files/file-table.js';
import type { Kernel } from '../../kernel.js';
import { ContextHandle } from './context-handle.js';
import type { EngineStarter } from './engine-handle.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';

/** The processor itself runs the context: nothing to stop. */
export const nativeEngine: Engine = { kind: 'native', stop: () => undefined };

/** Who holds this may make contexts. */
export class Authority implements ProcHandle {
  readonly isAuthority = true;

  constructor(
    private readonly files: ProcFiles,
    private readonly engines: EngineStarter,
  ) {}

  dup({ kernel, context }: Caller, name: string): Opened {
    if (name === AuthorityDup.CURRENT_CONTEXT) return this.files.open(this.#handle(context));
    if (name !== AuthorityDup.NEW_CONTEXT) return -Errno.ENOENT;
    const fresh = newContext(kernel, context);
    if (!fresh) return -Errno.ENOMEM;
    const file = this.files.open(this.#handle(fresh));
    fresh.owner = file.number;
    return file;
  }

  #handle(context: Context): ContextHandle {
    return new ContextHandle(context, this.files, this.engines);
  }
}

/** Not yet started, with an empty address space and an empty file table of its own. */
function newContext(kernel: Kernel, parent: Context): Context | undefined {
  const fresh = kernel.createContext({ engine: nativeEngine, abi: parent.abi, name: '(new)' });
  if (!fresh) return undefined;
  fresh.files = new FileTable();
  kernel.setSpace(fresh, kernel.createSpace());
  return fresh;
}
