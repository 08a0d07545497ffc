import { decodeEngine } from '../../../../core/abi/engine.js';
import { Errno } from '../../../../core/abi/errno.js';
import { AuthorityDup, ContextDup, ContextStatus, ContextVerb } from '../../../../core/abi/kernel-schemes.js';
import { ContextStatusBuffer, ProcSchemeAttrs } from '../../../../core/abi/structs.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import { PosixError } from '../posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import type { MockKernel } from './mock-kernel.js';
import type { MockContext, MockDescription, MockOpened, MockScheme } from './mock-types.js';

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

interface Handle {
  readonly context: MockContext;
  readonly part: string;
}

const STATUS_TEXT = /^auth-\d+-status$/;
const ATTRS_TEXT = /^auth-\d+-attrs$/;
const PARTS: ReadonlySet<string> = new Set(Object.values(ContextDup));

/** kernel.proc: contexts and their parts. `run` is what starting a context does. */
export class MockProc implements MockScheme {
  readonly name = 'kernel.proc';
  readonly #handles = new Map<number, Handle>();
  #next = 1;

  constructor(
    private readonly kernel: MockKernel,
    private readonly run: (context: MockContext) => void,
  ) {}

  dup(caller: MockContext, { number }: MockDescription, name: Uint8Array): MockOpened {
    const text = decodeUtf8(name);
    if (number === 0) return this.#authority(caller, text);
    const { context, part } = this.#of(number);
    const known = PARTS.has(text) || STATUS_TEXT.test(text) || ATTRS_TEXT.test(text);
    if (part !== 'context' || !known) return fail(Errno.EINVAL);
    return this.#open(context, text.replace(STATUS_TEXT, 'auth-status').replace(ATTRS_TEXT, 'auth-attrs'));
  }

  read(_context: MockContext, { number }: MockDescription): Uint8Array {
    const { context, part } = this.#of(number);
    if (part === ContextDup.ENGINE) return encodeUtf8(context.engine.split('\n')[0] ?? '');
    if (part !== 'auth-status' && part !== 'status') return fail(Errno.EBADF);
    return ContextStatusBuffer.encode({ status: statusOf(context), kind: context.exception ? 0x100 : 0 });
  }

  write(_context: MockContext, { number }: MockDescription, bytes: Uint8Array): number {
    const { context, part } = this.#of(number);
    const writer = this.#writers[part] ?? (() => fail(Errno.EBADF));
    writer(context, bytes);
    return bytes.length;
  }

  sendFds(
    _caller: MockContext,
    { number }: MockDescription,
    sent: readonly MockDescription[],
    [slot = 0]: readonly number[],
  ): number {
    const { context, part } = this.#of(number);
    if (part !== 'filetable') return fail(Errno.EBADF);
    sent.forEach((description, i) => this.kernel.install(context, slot + i, description));
    return sent.length;
  }

  readonly #writers: Readonly<Record<string, (context: MockContext, bytes: Uint8Array) => void>> = {
    [ContextDup.ENGINE]: (context, bytes) => void (context.engine += decodeUtf8(bytes)),
    [ContextDup.START]: (context) => {
      if (context.state !== 'new') fail(Errno.EINVAL);
      if (!decodeEngine(context.engine)) fail(Errno.EINVAL);
      context.state = 'running';
      this.run(context);
    },
    'auth-attrs': (context, bytes) => {
      const { pid, euid, egid, debugName } = ProcSchemeAttrs.decode(bytes);
      context.attributes = { pid, uid: euid, gid: egid, name: debugName };
    },
    'auth-status': (context, bytes) => {
      const [verb] = decodeWords(bytes);
      if (verb === ContextVerb.FORCE_KILL) this.kill(context);
      else if (context.state === 'dead') fail(Errno.EOWNERDEAD);
    },
  };

  kill(context: MockContext): void {
    if (context.state === 'dead') return;
    context.state = 'dead';
    context.forceKilled = true;
    this.kernel.endTable(context);
  }

  #authority(caller: MockContext, text: string): MockOpened {
    if (text === AuthorityDup.NEW_CONTEXT) return this.#open(this.kernel.createContext(), 'context');
    if (text === AuthorityDup.CURRENT_CONTEXT) return this.#open(caller, 'context');
    return fail(Errno.ENOENT);
  }

  #open(context: MockContext, part: string): MockOpened {
    this.#handles.set(this.#next, { context, part });
    return { number: this.#next++ };
  }

  #of(number: number): Handle {
    return this.#handles.get(number) ?? fail(Errno.EBADF);
  }
}

function statusOf(context: MockContext): number {
  if (context.state === 'new') return ContextStatus.NOT_YET_STARTED;
  if (context.state === 'running') return ContextStatus.RUNNABLE;
  if (context.exception) return ContextStatus.UNHANDLED_EXCEPTION;
  return context.forceKilled ? ContextStatus.FORCE_KILLED : ContextStatus.DEAD;
}
