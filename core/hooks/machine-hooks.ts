import { AsyncSeriesHook, HookMap, SyncBailHook, SyncHook } from 'tapable';
import type { DecodedBlock } from '../cpu/decoded-block.js';
import type { PortSize, WatchHit } from '../cpu/types.js';
import type { HostError } from '../errors/host-error.js';

export type ResetCause = 'power-on' | 'request' | 'guest';

/** Why the machine no longer runs. */
export type StopReason =
  | { readonly kind: 'pause' | 'step' | 'breakpoint' | 'tripleFault' }
  | { readonly kind: 'watchpoint'; readonly hit: WatchHit | undefined }
  | { readonly kind: 'hostError'; readonly error: HostError };

/** True: answered, the architecture is not asked. Undefined: the next tap is. False: the architecture is, at once. */
export type Answered = boolean | undefined;

/**
 * Every hook a machine offers. Frozen: plugins tap hooks, they never add or replace them. Tap with `tapIn`.
 * An untapped hook is never called from hot code. At an access the order is: taps, the claim, the floating bus.
 */
// eslint-disable-next-line max-lines-per-function -- one list, read from top to bottom
export function createMachineHooks() {
  return Object.freeze({
    /** Once, when the machine starts, before `reset`. */
    powerOn: new SyncHook<[]>([], 'powerOn'),
    /** After power-on and after every reset, before the first fetch: registers may be set here. */
    reset: new SyncHook<[cause: ResetCause]>(['cause'], 'reset'),
    /** The CPU is held and time stands still. */
    pause: new SyncHook<[]>([], 'pause'),
    /** The CPU is about to go on. */
    resume: new SyncHook<[]>([], 'resume'),
    /** The last slice has run; each tap is waited for before `finished` resolves. */
    powerOff: new AsyncSeriesHook<[status: number]>(['status'], 'powerOff'),

    /** A load outside RAM. An answer is the value read; the claim is not asked. */
    mmioRead: new SyncBailHook<[physical: number, sizeBytes: number], number | bigint | undefined>(
      ['physical', 'sizeBytes'],
      'mmioRead',
    ),
    /** A store outside RAM. True: taken, the claim is not told. */
    mmioWrite: new SyncBailHook<[physical: number, sizeBytes: number, value: bigint], Answered>(
      ['physical', 'sizeBytes', 'value'],
      'mmioWrite',
    ),
    /** #PF is about to be delivered. True: mapped or handled, the instruction runs again. */
    pageFault: new SyncBailHook<[linear: bigint, errorCode: number], Answered>(
      ['linear', 'errorCode'],
      'pageFault',
    ),
    /** A range given to `cpu.addWatchpoint` was touched. True: go on, the machine does not stop. */
    watch: new SyncBailHook<[hit: WatchHit], Answered>(['hit'], 'watch'),

    /** `in` from this port. An answer is the value read; the claim is not asked. */
    portIn: new HookMap(
      () => new SyncBailHook<[sizeBytes: PortSize], number | undefined>(['sizeBytes'], 'portIn'),
      'portIn',
    ),
    /** `out` to this port. True: taken, the claim is not told. */
    portOut: new HookMap(
      () =>
        new SyncBailHook<[sizeBytes: PortSize, value: number], Answered>(['sizeBytes', 'value'], 'portOut'),
      'portOut',
    ),

    /** An interrupt line has changed its level. True: the controller is not told. */
    lineChange: new SyncBailHook<[line: number, high: boolean], Answered>(['line', 'high'], 'lineChange'),
    /** The CPU takes an interrupt and asks for its vector. An answer is the vector; the controller is not asked. */
    acknowledge: new SyncBailHook<[], number | undefined>([], 'acknowledge'),
    /** An external interrupt is about to go through the IDT. True: handled, it is not delivered. */
    interrupt: new SyncBailHook<[vector: number], Answered>(['vector'], 'interrupt'),
    /** An exception is about to go through the IDT. True: handled, it is not delivered. */
    exception: new SyncBailHook<[vector: number, errorCode: number, cr2: bigint], Answered>(
      ['vector', 'errorCode', 'cr2'],
      'exception',
    ),

    /** #UD is about to be raised: no row describes the bytes, or the one that does (`row`) does not hold in this mode or model. */
    undefinedOpcode: new SyncHook<[rip: bigint, bytes: Uint8Array, row: string | undefined]>(
      ['rip', 'bytes', 'row'],
      'undefinedOpcode',
    ),

    /** At a `syscall` instruction. True: answered, rip already stands behind it; the kernel is not entered. */
    syscallEnter: new SyncBailHook<[], Answered>([], 'syscallEnter'),
    /** Fired by the kernel when it has the result, since only the kernel knows. */
    syscallExit: new SyncHook<[number: number, result: number]>(['number', 'result'], 'syscallExit'),
    /** `vmcall`. True: answered, rip goes on behind it. Nobody answers: #UD. */
    hypercall: new SyncBailHook<[], Answered>([], 'hypercall'),
    /** `hlt` with nothing to wake it yet; fires once for each rest. */
    halt: new SyncHook<[]>([], 'halt'),
    /**
     * The machine no longer runs. True: a debugger takes over; without it a triple fault or host error ends the
     * machine, every other stop waits for `resume`.
     */
    stop: new SyncBailHook<[reason: StopReason], Answered>(['reason'], 'stop'),
    /**
     * Guest code has been decoded and is about to run for the first time since its bytes changed: the place to weave in probes, with
     * `cpu.addBreakpoint(rip, () => (count(), false))`. An instruction that crosses a page is in no block.
     */
    translate: new SyncHook<[block: DecodedBlock]>(['block'], 'translate'),

    /** A plugin has started and holds its claims. */
    pluginLoaded: new SyncHook<[name: string]>(['name'], 'pluginLoaded'),
    /** A plugin is gone and everything it added is undone. */
    pluginUnloaded: new SyncHook<[name: string]>(['name'], 'pluginUnloaded'),
    /** A successor holds the claims of the plugin of the same name. */
    pluginSwapped: new SyncHook<[name: string]>(['name'], 'pluginSwapped'),
    /** A load, swap, unload or reload failed; what ran before still runs. */
    pluginFailed: new SyncHook<[name: string, error: HostError]>(['name', 'error'], 'pluginFailed'),
  });
}

export type MachineHooks = ReturnType<typeof createMachineHooks>;
