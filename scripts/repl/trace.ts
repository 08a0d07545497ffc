import type { PortSize } from '../../core/cpu/types.js';
import { tapIn, tapKeyIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { FinishedCall, Session } from './session.js';

/** A name, a pattern of names, or a test. Everything matches when left out. */
export type NameFilter<Event> = string | RegExp | ((event: Event) => boolean);
/** A port, the name of its owner, or first and last port. Every claimed port when left out. */
export type PortFilter = number | string | readonly [first: number, last: number];

export interface Trace {
  /** Each finished system call, by name: `trace.syscalls('read')`, `trace.syscalls(/^f/)`. */
  syscalls(filter?: NameFilter<FinishedCall>): string;
  /** Each access: `trace.ports(0x3f8)`, `trace.ports('com1')`, `trace.ports([0x60, 0x64])`. */
  ports(filter?: PortFilter): string;
  /** Each interrupt and exception that is delivered. */
  interrupts(): string;
  /** Each finished system call on a file of a scheme: `trace.schemes('pipe')`. */
  schemes(filter?: NameFilter<FinishedCall>): string;
  /** Ends all of them; nothing is left behind. */
  off(): Promise<string>;
}

const NAME = { name: 'trace', stage: -1000 };
const EXCEPTIONS =
  '#DE #DB NMI #BP #OF #BR #UD #NM #DF - #TS #NP #SS #GP #PF - #MF #AC #MC #XM #VE #CP'.split(' ');

/** A tracer of one session; prints a line for each event. */
export function createTrace(
  { machine, view }: Pick<Session, 'machine' | 'view'>,
  print: (line: string) => void,
): Trace {
  let scope = new Scope('trace');

  const calls = (
    matches: (call: FinishedCall) => boolean,
    text: (call: FinishedCall, result: number) => string,
  ) =>
    tapIn(scope, machine.hooks.syscallExit, NAME, (_number, result) => {
      const call = view?.finishedCall();
      if (call && matches(call)) print(text(call, result));
    });

  return {
    syscalls(filter) {
      calls((call) => accepts(filter, call, call.name), callText);
      return 'tracing system calls';
    },
    schemes(filter) {
      const matches = (call: FinishedCall) => call.scheme !== undefined && accepts(filter, call, call.scheme);
      calls(matches, (call, result) => `${call.scheme}: ${callText(call, result)}`);
      return 'tracing schemes';
    },
    ports(filter) {
      const chosen = chosenPorts(machine.ports.list(), filter);
      for (const port of chosen) tracePort(scope, { machine, port, print });
      return `tracing ${chosen.length} ports`;
    },
    interrupts() {
      tapIn(scope, machine.hooks.interrupt, NAME, (vector) => void print(`interrupt ${hex(vector)}`));
      tapIn(
        scope,
        machine.hooks.exception,
        NAME,
        (vector, errorCode, cr2) => void print(exceptionText(vector, errorCode, cr2)),
      );
      return 'tracing interrupts and exceptions';
    },
    async off() {
      const ended = scope.held().length;
      await scope.close();
      scope = new Scope('trace');
      return `${ended} taps removed`;
    },
  };
}

function accepts<Event>(filter: NameFilter<Event> | undefined, event: Event, name: string): boolean {
  if (filter === undefined) return true;
  if (typeof filter === 'function') return filter(event);
  return typeof filter === 'string' ? filter === name : filter.test(name);
}

const hex = (value: number | bigint) => `0x${value.toString(16)}`;
const valueText = (value: number) =>
  Number.isSafeInteger(value) && Math.abs(value) > 0xffff ? hex(value) : `${value}`;

function callText({ context, name, args }: FinishedCall, result: number): string {
  return `[${context}] ${name}(${args.map(valueText).join(', ')}) = ${valueText(result)}`;
}

function exceptionText(vector: number, errorCode: number, cr2: bigint): string {
  const address = EXCEPTIONS[vector] === '#PF' ? ` at ${hex(cr2)}` : '';
  return `exception ${EXCEPTIONS[vector] ?? vector} error ${hex(errorCode)}${address}`;
}

interface Owned {
  readonly base: number;
  readonly length: number;
  readonly owner: string;
}

function chosenPorts(claims: readonly Owned[], filter: PortFilter | undefined): number[] {
  if (typeof filter === 'number') return [filter];
  if (Array.isArray(filter)) return range(filter[0] as number, (filter[1] as number) + 1);
  const wanted = filter === undefined ? claims : claims.filter(({ owner }) => owner === filter);
  return wanted.flatMap(({ base, length }) => range(base, base + length));
}

const range = (from: number, end: number) =>
  Array.from({ length: Math.max(end - from, 0) }, (_, at) => from + at);

interface PortTrace extends Pick<Session, 'machine'> {
  readonly port: number;
  readonly print: (line: string) => void;
}

/** The tap asks the bus itself, as everybody does, so that it can print what is read and answer the same. */
function tracePort(scope: Scope, { machine, port, print }: PortTrace): void {
  let asking = false;
  tapKeyIn(scope, machine.hooks.portIn, port, NAME, (sizeBytes: PortSize) => {
    if (asking) return undefined;
    asking = true;
    try {
      const value = machine.ports.read(port, sizeBytes);
      print(`in  ${hex(port)} ${8 * sizeBytes} bits: ${hex(value)}`);
      return value;
    } finally {
      asking = false;
    }
  });
  tapKeyIn(scope, machine.hooks.portOut, port, NAME, (sizeBytes, value) => {
    print(`out ${hex(port)} ${8 * sizeBytes} bits: ${hex(value)}`);
    return undefined;
  });
}
