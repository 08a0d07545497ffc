import { BOOT_IMAGE_ROOT, SCHEME_CREATION_ROOT } from '../../../core/abi/engine.js';
import type { EngineHeader } from '../../../core/abi/engine.js';
import { Open } from '../../../core/abi/flags.js';
import type { Context } from '../contexts/context.js';
import { Description } from '../files/description.js';
import { FileTable } from '../files/file-table.js';
import type { KernelService } from '../plugin.js';
import { nativeEngine } from '../schemes/proc/authority.js';
import type { IsolateEngines } from './isolate-engine.js';

/** Descriptors of roots start here, above those a program opens. */
const FIRST_ROOT_FD = 64;

export interface FirstIsolate {
  readonly program: string;
  readonly memoryLimitMiB: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The archive that becomes the root file system. */
  readonly image: Uint8Array;
  /** Further schemes, by the names under which programs find them. */
  readonly schemes?: Readonly<Record<string, Description>>;
}

/** The first process: it holds every root capability of the kernel, and hands on what others may have. */
export function startFirstIsolate(
  service: KernelService,
  isolates: IsolateEngines,
  { program, memoryLimitMiB, argv, env, image, schemes: further = {} }: FirstIsolate,
): Context {
  const { kernel, schemes } = service;
  const context = kernel.createContext({ engine: nativeEngine, abi: kernel.idle.abi, name: program });
  if (!context) throw new Error('no context is free at boot');
  const files = (context.files = new FileTable());
  installConsole(service, context, files);
  const object = kernel.createObject();
  object.write(0, image);
  const roots: Record<string, number> = {};
  const capabilities: Record<string, Description> = {
    debug: schemes.debug.root(),
    event: schemes.event.root(),
    memory: schemes.memory.root(),
    pipe: schemes.pipe.root(),
    time: schemes.time.root(),
    sys: schemes.sys.root(),
    'kernel.proc': schemes.proc.authority(),
    [SCHEME_CREATION_ROOT]: schemes.manager.creationCapability(),
    [BOOT_IMAGE_ROOT]: schemes.memory.wrap(object),
    ...further,
  };
  Object.entries(capabilities).forEach(([name, file], index) => {
    roots[name] = FIRST_ROOT_FD + index;
    files.install(FIRST_ROOT_FD + index, file);
  });
  const start = { argv, env, cwd: '/', umask: 0o022, fds: [0, 1, 2], roots };
  const header: EngineHeader = { kind: 'isolate', program, name: program, memoryLimitMiB, start };
  const errno = isolates.prepare(kernel, context, header, '');
  if (errno !== 0) throw new Error(`${program} is no program of this machine`);
  kernel.start(context);
  return context;
}

/** Standard input, output and error on the console. */
function installConsole({ kernel, schemes }: KernelService, context: Context, files: FileTable): void {
  const opened = schemes.debug.openat({ kernel, context }, schemes.debug.root(), '', Open.RDWR);
  if (!(opened instanceof Description)) return;
  files.install(0, opened);
  files.install(1, opened.retain());
  files.install(2, opened.retain());
}
