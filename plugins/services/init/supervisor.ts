import { decodeWaitStatus, WaitFlag } from '../../../core/abi/process-manager.js';
import { Errno } from '../../../core/abi/errno.js';
import { NamespaceCalls } from '../runtime/namespace-calls.js';
import { messageOf, unlessErrno } from '../runtime/posix-error.js';
import { start } from '../runtime/process/spawn.js';
import { DaemonEnv } from '../runtime/scheme/publish.js';
import type { Manifest } from '../manifest.js';
import type { Os } from '../runtime/os.js';
import type { Waited } from '../runtime/process/processes.js';

/** Something that init keeps running. */
export interface Unit {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly manifest: Manifest;
  /** Further descriptors of the daemon: [number in it, own]. */
  readonly fds?: readonly (readonly [number, number])[];
}

interface Running {
  readonly unit: Unit;
  readonly startedMs: number;
  readonly failures: number;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
const STABLE_MS = 60_000;
const POLL_MS = 50;
/** Descriptors of daemons behind standard input, output and error. */
const FIRST_DAEMON_FD = 16;

/** Starts daemons with what their manifests grant, and starts them again as these say. */
export class Supervisor {
  readonly #running = new Map<number, Running>();
  readonly #due: { atMs: number; unit: Unit; failures: number }[] = [];
  readonly #names: NamespaceCalls;

  constructor(private readonly os: Os) {
    this.#names = new NamespaceCalls(os);
  }

  /** Returns when the daemon has said that it serves. False, with a line on the console, when it does not. */
  startDaemon(unit: Unit, failures = 0): boolean {
    try {
      return this.#launch(unit, failures);
    } catch (error) {
      this.os.complain(`${unit.manifest.name}: ${messageOf(error)}`);
      return false;
    }
  }

  /** A program that is started again whenever it ends, such as a shell on the console. */
  respawn(unit: Unit, failures = 0): void {
    const pid = this.os.spawn(this.os.which(unit.argv[0] ?? ''), {
      argv: unit.argv,
      env: { ...this.os.env, ...unit.env },
      group: 0,
    });
    this.#running.set(pid, { unit, startedMs: this.os.clock.monotonic(), failures });
  }

  /** Reaps and restarts, for ever. */
  supervise(): never {
    for (;;) this.step();
  }

  /** Supervises until a child that is not its own has ended; answers its wait status. */
  superviseUntil(pid: number): number {
    for (;;) {
      const ended = this.step();
      if (ended?.pid === pid) return ended.status;
    }
  }

  /** One turn: waits for a child, or until the next restart is due. */
  step(): Waited | undefined {
    this.#restartDue();
    const flags = this.#due.length > 0 ? WaitFlag.NOHANG : 0;
    const ended = unlessErrno(() => this.os.processes.wait(0, flags), undefined, Errno.ECHILD);
    if (ended) this.#ended(ended.pid, ended.status);
    else this.os.clock.sleep(POLL_MS);
    return ended;
  }

  #ended(pid: number, status: number): void {
    const running = this.#running.get(pid);
    this.#running.delete(pid);
    if (!running) return;
    const { unit, startedMs } = running;
    const outcome = decodeWaitStatus(status);
    const failed = outcome.kind !== 'exited' || outcome.code !== 0;
    const { restart, name, kind } = unit.manifest;
    const how = outcome.kind === 'exited' ? `status ${outcome.code}` : 'a signal';
    if (kind === 'daemon') this.os.complain(`${name} ended with ${how}`);
    if (restart === 'never' || (restart === 'on-failure' && !failed)) return;
    const nowMs = this.os.clock.monotonic();
    const failures = !failed || nowMs - startedMs > STABLE_MS ? 0 : running.failures + 1;
    const delayMs = failures === 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
    this.#due.push({ atMs: nowMs + delayMs, unit, failures });
  }

  #restartDue(): void {
    const nowMs = this.os.clock.monotonic();
    for (const [i, { atMs, unit, failures }] of [...this.#due.entries()].reverse()) {
      if (atMs > nowMs) continue;
      this.#due.splice(i, 1);
      this.#restart(unit, failures);
    }
  }

  #restart(unit: Unit, failures: number): void {
    if (unit.manifest.kind === 'program') return this.respawn(unit, failures);
    for (const name of schemesOf(unit))
      unlessErrno(() => this.#names.unregister(name), undefined, Errno.ENODEV);
    if (!this.startDaemon(unit, failures)) return;
    this.os.complain(`${unit.manifest.name} runs again`);
  }

  #launch(unit: Unit, failures: number): boolean {
    const { files } = this.os;
    const handles = this.#handlesFor(unit);
    const [ready, notify] = files.pipe();
    const pid = this.#start(unit, [...handles.fds, [handles.notifyAt, notify]], handles.env);
    files.close(notify);
    for (const [, own] of handles.fds) if (own > 2) files.close(own);
    const serves = files.read(ready, 1).length > 0;
    files.close(ready);
    this.#running.set(pid, { unit, startedMs: this.os.clock.monotonic(), failures });
    if (!serves) this.os.complain(`${unit.manifest.name} ended before it was ready`);
    return serves;
  }

  /** Standard descriptors, the right to create schemes, and one register handle a name. */
  #handlesFor(unit: Unit) {
    const fds: [number, number][] = [0, 1, 2].filter((fd) => this.os.fds.has(fd)).map((fd) => [fd, fd]);
    for (const [child, own] of unit.fds ?? []) fds.push([child, own]);
    let next = FIRST_DAEMON_FD;
    const give = (own: number): number => {
      fds.push([next, own]);
      return next++;
    };
    const creation = give(this.#names.schemeCreation());
    const registers = schemesOf(unit).map((name) => `${name}:${give(this.#names.register(name))}`);
    const env = {
      [DaemonEnv.creation]: String(creation),
      [DaemonEnv.register]: registers.join(','),
      [DaemonEnv.notify]: String(next),
    };
    return { fds, env, notifyAt: next };
  }

  #start(
    unit: Unit,
    fds: readonly (readonly [number, number])[],
    handles: Readonly<Record<string, string>>,
  ): number {
    const { name, authority, memoryLimitMiB } = unit.manifest;
    const restricted = authority === 'all' ? undefined : this.#names.fork(authority);
    try {
      const executable = { kind: 'program', program: name, argv: unit.argv } as const;
      return start(this.os, executable, name, {
        argv: unit.argv,
        env: { ...this.os.env, ...unit.env, ...handles },
        cwd: '/',
        umask: this.os.files.umask,
        fds,
        namespaceFd: restricted ?? this.#names.handle,
        memoryLimitMiB,
      });
    } finally {
      if (restricted !== undefined) this.os.files.close(restricted);
    }
  }
}

const schemesOf = ({ manifest, argv }: Unit): string[] =>
  manifest.provides.map((name) => name.replace('$1', argv[1] ?? ''));
