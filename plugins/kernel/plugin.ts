import { tapIn } from '../../core/hooks/untap.js';
import { definePlugin } from '../../core/plugin/plugin.js';
import type { Services } from '../../core/plugin/plugin.js';
import { Gate } from './gate/gate.js';
import type { Abi } from './gate/abi.js';
import { Interrupts } from './gate/interrupts.js';
import { PadTable } from './gate/pads.js';
import { buildKernelImage, loadKernelImage, packKernelImage } from './image/index.js';
import type { KernelImage, Pad } from './image/index.js';
import { FrameLayout } from './image/layout.js';
import type { IsolateCalls } from './isolates/isolate-calls.js';
import { Kernel } from './kernel.js';
import { DebugScheme } from './schemes/debug-scheme.js';
import { EventScheme } from './schemes/event-scheme.js';
import { MemoryScheme } from './schemes/memory/memory-scheme.js';
import { PipeScheme } from './schemes/pipe-scheme.js';
import type { EngineStarter } from './schemes/proc/engine-handle.js';
import { ProcScheme } from './schemes/proc/proc-scheme.js';
import { SERIAL_LINE, SerialConsole } from './schemes/serial-console.js';
import { SysScheme } from './schemes/sys/sys-scheme.js';
import { TimeScheme } from './schemes/time-scheme.js';
import { SchemeManager } from './schemes/user/scheme-manager.js';
import { RedoxAbi } from './syscalls/redox-abi.js';
import { Errno } from '../../core/abi/errno.js';

export interface KernelConfig {
  /** Isolates, where this machine has them. */
  readonly isolates?:
    | (EngineStarter &
        IsolateCalls & { readonly bell: Int32Array<ArrayBufferLike>; rung(kernel: Kernel): void })
    | undefined;
  /** Further sets of system calls; their pads become part of the image. */
  readonly abis?: readonly ((pads: PadTable) => Abi)[] | undefined;
  /** What `packImage` made at build time, to save making it again. */
  readonly packedImage?: Uint8Array | undefined;
  /** What the machine does when the kernel ends: shutdown, reset, panic. */
  readonly onStop?: (reason: 'shutdown' | 'reset' | 'panic', status: number) => void;
}

export interface KernelSchemes {
  readonly debug: DebugScheme;
  readonly event: EventScheme;
  readonly memory: MemoryScheme;
  readonly pipe: PipeScheme;
  readonly time: TimeScheme;
  readonly sys: SysScheme;
  readonly proc: ProcScheme;
  readonly manager: SchemeManager;
}

/** What scripts, the REPL and other plugins see of a running kernel. */
export interface KernelService {
  readonly kernel: Kernel;
  readonly schemes: KernelSchemes;
  readonly interrupts: Interrupts;
  readonly gate: Gate;
  readonly image: KernelImage;
  readonly abis: ReadonlyMap<string, Abi>;
  /** Runs `event` between two slices and lets the guest notice: the way in for what happens outside the machine. */
  outside(event: () => void): void;
}

declare module '../../core/plugin/plugin.js' {
  interface Services {
    readonly kernel: KernelService;
  }
}

const NEEDS = ['cpu', 'memory', 'ports', 'clock', 'hooks', 'machine', 'irq'] as const;
type Use = Readonly<Pick<Services, (typeof NEEDS)[number]>>;
/** What happens outside the machine (isolates that ask, the host's streams) arrives on this line of the second 8259. */
const DOORBELL_LINE = 10;

export const kernelPlugin = definePlugin({
  name: 'kernel',
  needs: NEEDS,
  provides: ['kernel'],

  start({ scope, use, provide }, config: KernelConfig) {
    const service = assemble(use, config);
    tapIn(scope, use.hooks.hypercall, { name: 'kernel' }, () => service.gate.hypercall() || undefined);
    tapIn(scope, use.hooks.reset, { name: 'kernel' }, () => enter(use, service));
    scope.use('tap of finished calls', () => reportCalls(use, service));
    attachOutside(use, service, config);
    if (config.isolates) attachDoorbell(scope, use, config.isolates);
    provide('kernel', service);
    return {};
  },
});

/** The image for `KernelConfig.packedImage` of a kernel with the same ABIs. */
export function packImage(abis: KernelConfig['abis']): Uint8Array {
  return packKernelImage({ pads: describePads(makeAbis({ abis }).pads) });
}

function makeAbis({ abis: makers = [] }: Pick<KernelConfig, 'abis'>) {
  const pads = new PadTable();
  const redox = new RedoxAbi(pads);
  const made: Abi[] = [redox, ...makers.map((make) => make(pads))];
  return { pads, redox, abis: new Map(made.map((abi): [string, Abi] => [abi.name, abi])) };
}

const describePads = ({ pads }: PadTable): Pad[] =>
  pads.map(({ name, source, parameters }) => ({ name, ...source, ...(parameters ? { parameters } : {}) }));

function assemble(use: Use, config: KernelConfig): KernelService {
  const { pads, redox, abis } = makeAbis(config);
  const described = { pads: describePads(pads) };
  const image =
    (config.packedImage && loadKernelImage(config.packedImage, described)) ?? buildKernelImage(described);
  const kernel = new Kernel(
    {
      cpu: use.cpu,
      memory: use.memory,
      ports: use.ports,
      image,
      pads,
      nowNs: () => use.clock.nowNs,
      bootTimeNs: Number(use.clock.realtimeNs) - use.clock.nowNs,
      stop: config.onStop ?? ((_reason, status) => use.machine.powerOff(status)),
    },
    redox,
  );
  const interrupts = new Interrupts(kernel);
  kernel.countInterrupts = () => interrupts.counts;
  const schemes = makeSchemes(kernel, config.isolates ?? noIsolates, interrupts);
  const gate = new Gate(kernel, interrupts, config.isolates);
  interrupts.onTouchFailed = (context, frame) => {
    redirectTouch(kernel, frame);
    gate.touchFailed(context);
  };
  const outside = (event: () => void): void => {
    void use.machine.atBorder(() => {
      event();
      use.irq.set(DOORBELL_LINE, true);
    });
    use.machine.wake();
  };
  return { kernel, schemes, interrupts, gate, image, abis, outside };
}

function makeSchemes(kernel: Kernel, engines: EngineStarter, interrupts: Interrupts): KernelSchemes {
  const console = new SerialConsole(kernel.parts.ports);
  const schemes: KernelSchemes = {
    debug: new DebugScheme(kernel, console),
    event: new EventScheme(kernel),
    memory: new MemoryScheme(kernel),
    pipe: new PipeScheme(kernel),
    time: new TimeScheme(kernel),
    sys: new SysScheme(kernel),
    proc: new ProcScheme(kernel, engines),
    manager: new SchemeManager(kernel),
  };
  for (const scheme of Object.values(schemes)) kernel.schemes.set(scheme.id, scheme);
  kernel.onExit.add((context) => {
    schemes.proc.died(context);
    schemes.manager.forget(context);
  });
  interrupts.onInitialised.push(() => console.initialise());
  interrupts.claimLater(SERIAL_LINE, () => {
    const bytes = console.drain();
    if (bytes.length > 0) schemes.debug.received(bytes);
  });
  return schemes;
}

const noIsolates: EngineStarter = { prepare: () => Errno.EOPNOTSUPP };

/** The registers with which a boot loader would enter the image. */
function enter({ cpu }: Use, { kernel, image }: KernelService): void {
  cpu.registers.cr3 = BigInt(kernel.kernelMap.root);
  cpu.registers.rip = image.entry;
  cpu.registers.rflags = 2n;
  cpu.flushTlb();
}

/** Sends a touch that can never succeed to the place that answers EFAULT. */
function redirectTouch(kernel: Kernel, frame: bigint): void {
  const rip = new Uint8Array(8);
  new DataView(rip.buffer).setBigUint64(0, kernel.symbol('fault_touch_failed'), true);
  kernel.memory.writeLinear(frame + BigInt(FrameLayout.rip), rip);
}

function reportCalls({ hooks }: Use, { gate }: KernelService): () => void {
  gate.taps.syscallExit = (_context, pad, result) => hooks.syscallExit.call(pad, result);
  return () => (gate.taps.syscallExit = undefined);
}

/** The one interrupt for all that comes from outside: it ends a `hlt`, and lets the scheduler look again. */
function attachOutside(use: Use, { kernel, interrupts }: KernelService, { isolates }: KernelConfig): void {
  interrupts.claimLater(DOORBELL_LINE, () => {
    use.irq.set(DOORBELL_LINE, false);
    isolates?.rung(kernel);
  });
}

function attachDoorbell(
  scope: { use(label: string, enter: () => () => void): unknown },
  use: Use,
  isolates: NonNullable<KernelConfig['isolates']>,
): void {
  scope.use('doorbell', () => {
    const view = isolates.bell as Int32Array<SharedArrayBuffer>;
    const undo = use.machine.doorbell(view, () => {
      Atomics.store(view, 0, 0);
      use.irq.set(DOORBELL_LINE, true);
    });
    return () => void undo();
  });
}
