import { HostError } from '../../../core/errors/host-error.js';

/** What is used of isolated-vm; its own types are not installed under one name on every engine. */
export interface IsolatedVm {
  readonly Isolate: new (options: IsolateOptions) => Isolate;
  readonly ExternalCopy: new (value: unknown) => ExternalCopy;
}

export interface IsolateOptions {
  readonly memoryLimit: number;
  readonly onCatastrophicError: (message: string) => void;
}

export interface Isolate {
  readonly cpuTime: bigint;
  readonly wallTime: bigint;
  readonly isDisposed: boolean;
  createContext(): Promise<Context>;
  compileScript(code: string, options: CompileOptions): Promise<Script>;
  dispose(): void;
}

export interface CompileOptions {
  readonly filename: string;
  readonly cachedData?: ExternalCopy;
  readonly produceCachedData?: boolean;
}

export interface Context {
  readonly global: {
    set(name: string, value: unknown, options: { copy: true }): Promise<void>;
    delete(name: string): Promise<void>;
  };
}

export interface Script {
  readonly cachedData?: ExternalCopy;
  run(context: Context): Promise<unknown>;
}

export interface ExternalCopy {
  release(): void;
}

export type PackageLoader = (name: string) => Promise<unknown>;

/** Newest first: on an engine that can run two of them, the newer is taken. */
const PACKAGES = ['isolated-vm', 'isolated-vm-node22', 'isolated-vm-node20'];

/** The isolated-vm that npm installed for this engine. Throws `ISOLATES_MISSING`, with what each candidate said. */
export async function loadIsolatedVm(load: PackageLoader = importDefault): Promise<IsolatedVm> {
  const refusals: string[] = [];
  for (const name of PACKAGES) {
    try {
      return (await load(name)) as IsolatedVm;
    } catch (error) {
      refusals.push(refusal(name, error));
    }
  }
  throw new HostError('ISOLATES_MISSING', process.version, refusals.join('; '));
}

async function importDefault(name: string): Promise<unknown> {
  const loaded = (await import(name)) as { default: unknown };
  return loaded.default;
}

function refusal(name: string, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const absent = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return absent ? `${name} is not installed` : `${name}: ${String(message).split('\n')[0]}`;
}
