import type { IrqLines } from '../bus/irq-lines.js';
import { floating } from '../bus/access.js';
import type { MmioBus } from '../bus/mmio-bus.js';
import type { PortBus } from '../bus/port-bus.js';
import type { DecodedBlock } from '../cpu/decoded-block.js';
import type { CpuBus, WatchHit } from '../cpu/types.js';
import { HostError, reasonOf } from '../errors/host-error.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import { whenTapped } from '../hooks/untap.js';

export interface BridgeParts {
  readonly hooks: MachineHooks;
  readonly ports: PortBus;
  readonly mmio: MmioBus;
  readonly irq: IrqLines;
  /** A tap or handler threw. Called at most between two instructions; must not throw. */
  readonly fail: (error: HostError) => void;
}

type OptionalCalls = Pick<CpuBus, 'exception' | 'interrupt' | 'syscall' | 'translate' | 'watch'>;

/**
 * What generated code calls. Nothing thrown here ever unwinds through WebAssembly: the failure stops the machine and
 * the access reads as if nobody had answered.
 */
export function createBridge(parts: BridgeParts): CpuBus {
  const { hooks, ports, mmio, irq } = parts;
  const guard = <T>(where: string, otherwise: T, call: () => T): T => {
    try {
      return call();
    } catch (failure) {
      parts.fail(asHostError(where, failure));
      return otherwise;
    }
  };
  const askHooks = () => hooks.hypercall.call() ?? false;
  const bridge: CpuBus = {
    portIn: (port, sizeBytes) => guard('port input', floating(sizeBytes), () => ports.read(port, sizeBytes)),
    portOut: (port, sizeBytes, value) =>
      guard('port output', undefined, () => ports.write(port, sizeBytes, value)),
    mmioRead: (physical, sizeBytes) =>
      guard('memory read', FLOATING_WIDE[sizeBytes]!, () => mmio.read(physical, sizeBytes)),
    mmioWrite: (physical, sizeBytes, value) =>
      guard('memory write', undefined, () => mmio.write(physical, sizeBytes, value)),
    hypercall: () => guard('hypercall', false, askHooks),
    undefinedOpcode: (rip, bytes, row) =>
      guard('undefined opcode', undefined, () => hooks.undefinedOpcode.call(rip, bytes, row)),
    acknowledgeInterrupt: () =>
      guard('acknowledge', 0xff, () => hooks.acknowledge.call() ?? irq.acknowledge()),
  };
  offerWhileTapped(bridge, hooks, guard);
  return bridge;
}

export function asHostError(where: string, failure: unknown): HostError {
  if (failure instanceof HostError) return failure;
  return new HostError('HOST_FAILED', where, reasonOf(failure)).because(failure);
}

type Guard = <T>(where: string, otherwise: T, call: () => T) => T;

/** The calls that replace the architecture exist only while somebody taps them, so that the CPU need not ask. */
function offerWhileTapped(bridge: CpuBus, hooks: MachineHooks, guard: Guard): void {
  // One shape for good: the properties exist from the start and are undefined while untapped.
  const optional = bridge as { -readonly [Name in keyof OptionalCalls]: OptionalCalls[Name] | undefined };
  const interrupt = (vector: number) =>
    guard('interrupt', false, () => hooks.interrupt.call(vector) ?? false);
  const syscall = () => guard('syscall', false, () => hooks.syscallEnter.call() ?? false);
  const exception = (vector: number, errorCode: number, cr2: bigint) =>
    guard('exception', false, () => answerException(hooks, vector, errorCode, cr2));
  let tappedException = false;
  let tappedFault = false;
  const update = () => (optional.exception = tappedException || tappedFault ? exception : undefined);
  whenTapped(hooks.exception, (tapped) => {
    tappedException = tapped;
    update();
  });
  whenTapped(hooks.pageFault, (tapped) => {
    tappedFault = tapped;
    update();
  });
  whenTapped(hooks.interrupt, (tapped) => (optional.interrupt = tapped ? interrupt : undefined));
  const translate = (block: DecodedBlock) => guard('translate', undefined, () => hooks.translate.call(block));
  whenTapped(hooks.translate, (tapped) => (optional.translate = tapped ? translate : undefined));
  const watch = (hit: WatchHit) => guard('watch', false, () => hooks.watch.call(hit) ?? false);
  whenTapped(hooks.watch, (tapped) => (optional.watch = tapped ? watch : undefined));
  whenTapped(hooks.syscallEnter, (tapped) => (optional.syscall = tapped ? syscall : undefined));
}

const PAGE_FAULT = 14;

function answerException(hooks: MachineHooks, vector: number, errorCode: number, cr2: bigint): boolean {
  if (vector === PAGE_FAULT && hooks.pageFault.call(cr2, errorCode)) return true;
  return hooks.exception.call(vector, errorCode, cr2) ?? false;
}

/** By bytes. */
const FLOATING_WIDE = Array.from({ length: 9 }, (_, sizeBytes) => (1n << BigInt(8 * sizeBytes)) - 1n);
