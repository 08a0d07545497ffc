import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KernelService } from '../../plugins/kernel/index.js';
import { loadIsolateProgram } from '../../scripts/assets/isolate-program.js';
import type { IsolateProgram } from '../../scripts/assets/isolate-program.js';
import { BootedMachine } from '../../scripts/boot/booted-machine.js';
import { Programs } from '../../scripts/boot/programs.js';
import type { Mount } from '../../scripts/cli/options.js';
import { readMachine } from '../../scripts/machines/description.js';
import type { MachineDescription } from '../../scripts/machines/description.js';
import { namesOf } from '../../scripts/repl/names.js';
import type { CommandResult, ContextRow, Session } from '../../scripts/repl/session.js';
import { tapNames } from '../support/scope-check.js';
import { until } from '../support/until.js';

export interface Booted {
  readonly session: Session;
  readonly kernel: KernelService;
  run(command: string): Promise<CommandResult>;
  swap(choice: unknown): Promise<string>;
  /** Gives a service this code for a successor. */
  replace(service: string, code: string): Promise<unknown>;
  ps(): readonly ContextRow[];
  /** -1 for a program that does not run. */
  pidOf(name: string): number;
  /** Puts an executable file into the guest. */
  install(path: string, text: string): Promise<void>;
  /** Everything that a part which comes and goes could leave behind; of isolates those that belong to no context. */
  holdings(): Promise<object>;
  /** Waits until what has ended is cleared away, and insists that nothing else is there than before. */
  holdsOnly(before: object): Promise<void>;
  close(): Promise<void>;
}

/** A quick end for what only computes; what does its work on a busy host is far from it. */
const MAX_BUSY_NS = 3_000_000_000n;
const LOOK_MS = 5;
const MOST_LOOKS = 4000;

/** Sources stay what they are while tests run, so each program is compiled once. */
const compiled = new Map<string, Promise<IsolateProgram>>();
function compileOnce(name: string): Promise<IsolateProgram> {
  const program = compiled.get(name) ?? loadIsolateProgram(name);
  compiled.set(name, program);
  return program;
}

/** The default machine in this process, up, with nobody at its console. `programs`: executable files by their paths. */
export async function boot(
  programs: Readonly<Record<string, Uint8Array>> = {},
  mounts: readonly Mount[] = [],
): Promise<Booted> {
  const machine = withPrograms(await readMachine(), programs);
  const fixed = { user: 'root', repl: false, mounts, watch: false, deterministic: false, console: false };
  const booted = new BootedMachine({ ...fixed, machine }, undefined, {
    programs: new Programs(compileOnce),
    maxBusyNs: MAX_BUSY_NS,
  });
  const session = await booted.start();
  await session.up;
  // On a busy host longer than whoever waits for the prompt has patience.
  const { kernel } = session.kernel as KernelService;
  await until(() => kernel.isQuiet(kernel.idle));
  const names = new Map(namesOf(session, () => {}).map(({ name, value }) => [name, value]));
  const ps = names.get('ps') as Booted['ps'];
  const run = names.get('run') as Booted['run'];
  return {
    session,
    kernel: session.kernel as KernelService,
    run,
    swap: names.get('swap') as Booted['swap'],
    replace: (service, code) =>
      booted.services.prepareSwap(service, { code, filename: 'file:///replacement.js' }),
    ps,
    pidOf: (name) => ps().find((row) => row.name === name)?.pid ?? -1,
    install: async (path, text) =>
      void (await run(`cat > ${path} <<'END-OF-FILE'\n${text}\nEND-OF-FILE\nchmod +x ${path}`)),
    holdings: async () => {
      const { kernel } = session.kernel as KernelService;
      await until(() => strays(booted, session) === 0 && kernel.isQuiet(kernel.idle));
      return holdings(booted, session);
    },
    holdsOnly: async (before) => {
      const now = () => holdings(booted, session);
      for (let looks = 0; !isDeepStrictEqual(now(), before) && looks < MOST_LOOKS; looks++)
        await sleep(LOOK_MS);
      expect(now()).to.deep.equal(before);
    },
    close: async () => {
      booted.machine.powerOff(0);
      await booted.close();
    },
  };
}

function withPrograms(machine: MachineDescription, programs: Readonly<Record<string, Uint8Array>>) {
  const fixed = {
    symlink: false,
    directory: false,
    mode: 0o755,
    uid: 0,
    gid: 0,
    postinstall: false,
    append: false,
  };
  // A machine description holds text only, the image bytes as well.
  const files = Object.entries(programs).map(([path, bytes]) => ({ ...fixed, path, data: bytes as never }));
  return { ...machine, image: { ...machine.image, files: [...machine.image.files, ...files] } };
}

function strays(booted: BootedMachine, { kernel }: Session): number {
  const contexts = (kernel as KernelService).kernel.listContexts();
  return booted.isolates - contexts.filter(({ engine }) => engine.kind === 'isolate').length;
}

function holdings(booted: BootedMachine, session: Session) {
  const { machine, kernel } = session;
  const { kernel: inner } = kernel as KernelService;
  const contexts = inner.listContexts();
  return {
    descriptors: contexts.map(({ name, files }) => `${name} ${files?.entries().length ?? 0}`).sort(),
    schemes: inner.listSchemes().map(({ id }) => id),
    events: inner.events.count,
    strays: strays(booted, session),
    plugins: Object.fromEntries(machine.plugins.list().map(({ name, held }) => [name, held])),
    ports: machine.ports.list(),
    taps: tapNames(machine.hooks),
  };
}
