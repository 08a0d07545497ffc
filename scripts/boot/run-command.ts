import { errnoMessage } from '../../core/abi/errno-message.js';
import { SendFdFlag } from '../../core/abi/flags.js';
import { decodeWaitStatus, ProcRootCall } from '../../core/abi/process-manager.js';
import type { RunRequest } from '../../core/abi/process-manager.js';
import { SchemeOp } from '../../core/abi/scheme-protocol.js';
import { HostError } from '../../core/errors/host-error.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { Answer, NewRequest } from '../../plugins/kernel/schemes/user/request.js';
import type { CommandResult } from '../repl/index.js';
import { HostPipe } from './host-pipe.js';

const ROOT_HANDLE = 0;
/** Caller of requests that no program makes. */
const KERNEL = 0;
const SHELL: Omit<RunRequest, 'argv'> = {
  program: 'sh',
  env: { PATH: '/usr/bin', HOME: '/root', USER: 'root', SHELL: '/usr/bin/sh', TERM: 'dumb' },
  cwd: '/',
};
const SIGNAL_STATUS = 128;

/** Runs commands in shells of their own, beside whatever is on the console. */
export class CommandRunner {
  #nextTicket = 1;

  constructor(
    private readonly service: KernelService,
    private readonly processManager: Context,
  ) {}

  /** Resolves with what the command printed, errors among it, and its status. It finds its input at the end. */
  async run(command: string): Promise<CommandResult> {
    const parts: Uint8Array[] = [];
    const output = await this.#atBorder(() => new HostPipe(this.service, (bytes) => void parts.push(bytes)));
    try {
      const status = await this.#start({ ...SHELL, argv: ['sh', '-c', command] }, output);
      await this.#atBorder(() => output.drain());
      return { status, output: Buffer.concat(parts).toString('utf8') };
    } finally {
      await this.#atBorder(() => output.close());
    }
  }

  async #start(request: RunRequest, output: HostPipe): Promise<number> {
    const ticket = this.#nextTicket++;
    const attached = await this.#atBorder(() => [this.#emptyInput(), output.write, output.write.retain()]);
    const fds = [ROOT_HANDLE, SendFdFlag.CLONE, ticket, attached.length];
    await this.#ask({ opcode: SchemeOp.SENDFD, args: fds, attached });
    const payload = Buffer.from(JSON.stringify(request));
    const args = [ROOT_HANDLE, 0, payload.length, ProcRootCall.RUN, ticket];
    const { result } = await this.#ask({ opcode: SchemeOp.CALL, args, payload });
    const outcome = decodeWaitStatus(result);
    if (outcome.kind === 'exited') return outcome.code;
    return outcome.kind === 'killed' ? SIGNAL_STATUS + outcome.signal : 0;
  }

  #emptyInput() {
    const { kernel, schemes } = this.service;
    const { read, write } = schemes.pipe.create();
    write.release(kernel);
    return read;
  }

  async #ask(message: NewRequest): Promise<Answer> {
    const [answered] = await this.#atBorder(() => [this.#send(message)]);
    const answer = await answered;
    if (answer.result >= 0) return answer;
    throw new HostError('CONFIG', `the guest refuses: ${errnoMessage(-answer.result)}`, 'look at ps()');
  }

  #send(message: NewRequest): Promise<Answer> {
    const { requests } = this.#scheme();
    return new Promise((resolve) => requests.send({ ...message, answered: resolve }, KERNEL));
  }

  #scheme() {
    const scheme = this.service.schemes.manager.servedBy(this.processManager);
    if (!scheme) throw new HostError('CONFIG', 'the process manager does not serve', 'wait until it is up');
    return scheme;
  }

  #atBorder<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.service.outside(() => {
        try {
          resolve(act());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }
}
