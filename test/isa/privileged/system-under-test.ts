import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { X86Cpu } from '../../../core/cpu/cpu.js';
import { State } from '../../../core/cpu/layout.js';
import { parseKernelElf } from '../../../core/loader/kernel-elf.js';
import { assemble, whyNoAssembler } from '../../bare/assemble.js';
import { GdbClient } from './gdb-client.js';
import { ARENA, CASE_BYTES, CASES, TABLES, TEMPLATE, template, upperTables } from './layout.js';

const QEMU = 'qemu-system-x86_64';
/** Without what our processor does not have. */
const CPU = 'max,vendor=AuthenticAMD,-la57,-svm,-mpx,-pks,-xsaves,-vme';
const QEMU_OPTIONS = `-accel tcg -cpu ${CPU} -m 16 -display none -no-reboot -monitor none -serial none -S`;
const RAM_BYTES = 16 << 20;
const MOST_CASES = 1700;
const MOST_INSTRUCTIONS = 50_000_000;

/** Executes packed cases, each CASE_BYTES long, and answers them with what they left behind. */
export interface SystemUnderTest {
  run(cases: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function whyNoQemu(): string | undefined {
  if (spawnSync(QEMU, ['--version']).status !== 0) return `needs ${QEMU}`;
  return whyNoAssembler();
}

/** Another one departs from the manual elsewhere. */
export function whyNotThisQemu(): string | undefined {
  const version = /version (\d+\.\d+)/.exec(spawnSync(QEMU, ['--version']).stdout?.toString() ?? '');
  return version?.[1] === '7.2' ? undefined : `needs QEMU 7.2, found ${version?.[1] ?? 'none'}`;
}

/** The monitor, and where it begins, waits, and has its handlers. */
class Monitor {
  readonly file = assemble(fileURLToPath(new URL('monitor.s', import.meta.url)));
  readonly elf = parseKernelElf(this.file)!;
  readonly start = this.#word(0);
  readonly ready = this.#word(1);
  readonly stubs = this.#word(2);
  readonly end = this.#word(3);

  /** Behind the Multiboot header. */
  #word(i: number): number {
    const { bytes } = this.elf.segments[0]!;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(12 + i * 4, true);
  }
}

/** One QEMU, until a case ends it. */
class QemuProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: Socket,
    readonly gdb: GdbClient,
  ) {}

  static async start(monitor: Monitor): Promise<QemuProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'halfcell-qemu-'));
    const [kernel, path] = [join(folder, 'monitor'), join(folder, 'gdb')];
    writeFileSync(kernel, monitor.file);
    const options = ['-kernel', kernel, '-gdb', `unix:path=${path},server=on,wait=off`];
    const child = spawn(QEMU, [...QEMU_OPTIONS.split(' '), ...options], { stdio: 'ignore' });
    const socket = await connected(path);
    const gdb = new GdbClient(socket);
    await gdb.start();
    await gdb.runTo(monitor.elf.entry);
    rmSync(folder, { recursive: true });
    for (const at of [TEMPLATE, ARENA]) await gdb.write(at, template(monitor.stubs));
    await gdb.write(TABLES, upperTables());
    await gdb.runTo(monitor.ready);
    return new QemuProcess(child, socket, gdb);
  }

  async close(): Promise<void> {
    this.socket.destroy();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** QEMU, driven over its gdb stub. A case that ends it or never comes back leaves nothing behind: zeros. */
export class QemuSystem implements SystemUnderTest {
  readonly #monitor = new Monitor();
  #process: QemuProcess | undefined;

  async run(cases: Uint8Array): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (const part of batches(cases)) parts.push(await this.#runOrHalve(part));
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.#process?.close();
    this.#process = undefined;
  }

  async #runOrHalve(part: Uint8Array): Promise<Uint8Array> {
    const outcome = await this.#runPart(part).catch(() => undefined);
    if (outcome) return outcome;
    await this.close();
    if (part.length === CASE_BYTES) return new Uint8Array(CASE_BYTES);
    const middle = Math.floor(part.length / CASE_BYTES / 2) * CASE_BYTES;
    const first = await this.#runOrHalve(part.subarray(0, middle));
    return Buffer.concat([first, await this.#runOrHalve(part.subarray(middle))]);
  }

  async #runPart(part: Uint8Array): Promise<Uint8Array> {
    const monitor = this.#monitor;
    const { gdb } = (this.#process ??= await QemuProcess.start(monitor));
    await gdb.write(CASES, part);
    await gdb.write(monitor.end, endOf(part));
    await gdb.runTo(monitor.ready, monitor.start);
    return gdb.read(CASES, part.length);
  }
}

/** Our processor, from 32-bit protected mode on as a loader leaves it. */
export class OurSystem implements SystemUnderTest {
  readonly #cpu: X86Cpu;
  readonly #monitor = new Monitor();

  constructor() {
    const bus = {
      portIn: (_: number, bytes: number) => 2 ** (8 * bytes) - 1,
      portOut: () => undefined,
      mmioRead: () => -1n,
      mmioWrite: () => undefined,
      hypercall: () => false,
      acknowledgeInterrupt: () => 0xff,
    };
    this.#cpu = new X86Cpu({ ramBytes: RAM_BYTES, bus });
    const { memory, registers } = this.#cpu;
    for (const { physical, bytes } of this.#monitor.elf.segments) memory.write(physical, bytes);
    for (const at of [TEMPLATE, ARENA]) memory.write(at, template(this.#monitor.stubs));
    memory.write(TABLES, upperTables());
    registers.efer = 0n;
    registers.cr4 = 0n;
    registers.cr0 = 0x11n;
    const flat = { selector: 8, base: 0n, limit: 0xffff_ffff };
    registers.setSegment('cs', { ...flat, attributes: 0xc09b });
    for (const name of ['ss', 'ds', 'es'] as const)
      registers.setSegment(name, { ...flat, selector: 16, attributes: 0xc093 });
    this.#runFrom(this.#monitor.elf.entry);
  }

  run(cases: Uint8Array): Promise<Uint8Array> {
    const { memory } = this.#cpu;
    const parts: Uint8Array[] = [];
    for (const part of batches(cases)) {
      memory.write(CASES, part);
      memory.write(this.#monitor.end, endOf(part));
      this.#runFrom(this.#monitor.start);
      parts.push(memory.read(CASES, part.length));
    }
    return Promise.resolve(Buffer.concat(parts));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #runFrom(rip: number): void {
    this.#cpu.state.set32(State.halted, 0);
    this.#cpu.registers.rip = BigInt(rip);
    const reason = this.#cpu.run(MOST_INSTRUCTIONS);
    if (reason !== 'halt') throw new Error(`our processor stopped: ${reason}`);
  }
}

function* batches(cases: Uint8Array): Generator<Uint8Array> {
  const step = MOST_CASES * CASE_BYTES;
  for (let at = 0; at < cases.length; at += step) yield cases.subarray(at, at + step);
}

const endOf = ({ length }: Uint8Array) => new Uint8Array(Uint32Array.of(CASES + length).buffer);

async function connected(path: string): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = connect(path, () => resolve(socket));
        socket.once('error', reject);
      });
    } catch (error) {
      if (attempt > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
