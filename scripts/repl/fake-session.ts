import { Machine } from '../../core/machine/machine.js';
import { fakeCpu } from '../../test/support/fake-cpu.js';
import type { FakeInstruction } from '../../test/support/fake-cpu.js';
import type { FinishedCall, GuestConsole, Session } from './session.js';

/** A session around a machine without a processor, for tests. */
export function fakeSession(program: FakeInstruction[] = [() => 'halt']) {
  const { create } = fakeCpu(program);
  const machine = new Machine({ ramMiB: 1, clock: 'virtual' }, create);
  const typed: string[] = [];
  const listeners = new Set<(bytes: Uint8Array) => void>();
  const console: GuestConsole = {
    type: (bytes) => void typed.push(Buffer.from(bytes).toString()),
    onOutput(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const calls: { current: FinishedCall | undefined } = { current: undefined };
  let rise = () => {};
  const session: Session = {
    machine,
    up: new Promise((resolve) => (rise = resolve)),
    console,
    kernel: { name: 'fake' },
    view: {
      listContexts: () => [
        { id: 1, pid: 1, name: 'init', kind: 'isolate', state: 'blocked', call: 'sys_read', cpuMs: 12 },
        { id: 20, pid: 2, name: 'ion', kind: 'native', state: 'runnable', call: '', cpuMs: 3 },
      ],
      listSchemes: () => [{ id: 4, name: 'pipe', servedBy: 'kernel' }],
      finishedCall: () => calls.current,
    },
    run: async (command) => ({ status: 0, output: `ran ${command}\n` }),
  };
  const says = (text: string) => {
    for (const listener of listeners) listener(Buffer.from(text));
  };
  return { session, machine, calls, says, typed, listeners, rise: () => rise() };
}
