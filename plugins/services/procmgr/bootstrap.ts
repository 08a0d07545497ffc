import { SCHEME_CREATION_ROOT } from '../../../core/abi/engine.js';
import { CREATE_SCHEME } from '../../../core/abi/kernel-schemes.js';
import { INTERNAL_FD_BASE } from '../runtime/fd-table.js';
import { bringToLife } from '../runtime/process/spawn.js';
import { SchemeServer } from '../runtime/scheme/scheme-server.js';
import { Contexts } from './contexts.js';
import { ProcessManager, ROOT_HANDLE } from './process-manager.js';
import { INIT_PID } from './process-table.js';
import type { Os } from '../runtime/os.js';
import type { RunRequest } from '../../../core/abi/process-manager.js';
import type { SpawnOptions } from '../runtime/process/spawn.js';
import type { Process } from './process-table.js';
import type { StartRun } from './runs.js';
import type { CarriedService } from '../../../core/abi/scheme-protocol.js';
import type { CarriedManager } from './process-manager.js';
import type { Names } from './namespaces.js';

/** Kernel schemes that only the process manager holds: everybody else asks it. */
const KEPT: ReadonlySet<string> = new Set(['kernel.proc', SCHEME_CREATION_ROOT]);
const INIT_PATH = '/usr/bin/init';

/** The first process: process and namespace manager, and parent of init. */
export class Bootstrap {
  readonly manager: ProcessManager;
  readonly server: SchemeServer;

  constructor(private readonly os: Os) {
    const carried = os.carried as (CarriedService & { state: CarriedManager }) | undefined;
    const creation = os.namespace.root(SCHEME_CREATION_ROOT);
    const contexts = new Contexts(os, os.namespace.root('kernel.proc'), carried?.state.queue);
    const startRun: StartRun = (request, fds) => this.#run(request, fds);
    if (carried) {
      this.manager = new ProcessManager(os, contexts, creation, { names: new Map(), startRun });
      this.manager.restore(carried.state);
      this.server = new SchemeServer(os, this.manager, carried.socket);
      return;
    }
    const socket = os.files.subObject(creation, CREATE_SCHEME, INTERNAL_FD_BASE);
    const names: Names = new Map([...os.namespace.given()].filter(([name]) => !KEPT.has(name)));
    this.manager = new ProcessManager(os, contexts, creation, { names, startRun });
    this.server = new SchemeServer(os, this.manager, socket);
    names.set('proc', this.server.descriptorOf(ROOT_HANDLE));
    contexts.watch(socket);
  }

  /** Starts the program `init` as pid 1, with the whole namespace and this process's standard descriptors. */
  startInit(argv: readonly string[] = [INIT_PATH], env: Readonly<Record<string, string>> = {}): void {
    this.startProcess('init', argv, env);
  }

  /** Starts a program that the machine was built with; without a parent, so init is the one who reaps it. */
  startProcess(name: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const { fds } = this.os;
    const standard = [0, 1, 2].filter((fd) => fds.has(fd)).map((fd) => [fd, fd] as const);
    this.#start({ program: name, argv, env, cwd: '/' }, standard);
  }

  /** What the host asks for. The descriptors are its standard input, output and error. */
  #run(request: RunRequest, fds: readonly number[]): Process {
    try {
      return this.#start(
        request,
        fds.map((own, child) => [child, own] as const),
      );
    } finally {
      for (const fd of fds) this.os.files.close(fd);
    }
  }

  #start({ program, argv, env, cwd }: RunRequest, fds: SpawnOptions['fds']): Process {
    const { os, manager, server } = this;
    const process = manager.newProcess(manager.table.find(INIT_PID));
    process.name = program;
    manager.contexts.describe(process);
    const processFd = server.descriptorOf(manager.handles.add({ kind: 'process', pid: process.pid }));
    const namespaceFd = server.descriptorOf(manager.handles.add({ kind: 'namespace', view: manager.view }));
    const embryo = { process: processFd, thread: process.contextFd, pid: process.pid };
    const options = { argv, env, cwd, umask: os.files.umask, fds, namespaceFd };
    bringToLife(os, embryo, { kind: 'program', program, argv }, program, options);
    os.files.close(processFd);
    os.files.close(namespaceFd);
    return process;
  }

  /** Handles what is there and returns. */
  poll(): void {
    this.server.poll();
    this.manager.collectDeaths();
    this.server.changed();
  }

  serve(): never {
    for (;;) {
      this.poll();
      this.manager.contexts.waitForEvent();
    }
  }
}
