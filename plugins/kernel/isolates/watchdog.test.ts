import { expect } from 'chai';
import { createWatchdog } from './watchdog.js';
import type { IsolateProcess } from './isolate-process.js';

describe('the watchdog', () => {
  const program = (slot: number) => {
    const state = { slot, busy: 0n, blocked: 0n, killed: false, waiting: false };
    const process = {
      slot,
      get isWaiting() {
        return state.waiting;
      },
      busyNs: () => state.busy,
      blockedNs: () => state.blocked,
      kill: () => (state.killed = true),
    } as unknown as IsolateProcess;
    return { state, process };
  };
  const PERIOD_NS = 100_000_000n;

  it('kills what was busy for longer than the policy allows, and nothing else', () => {
    const [idle, spinning] = [program(1), program(2)];
    const killed: number[] = [];
    const look = createWatchdog({
      running: () => [idle.process, spinning.process],
      overruns: ({ busyNs, sinceNs }) => sinceNs > 0n && busyNs * 10n > sinceNs * 9n,
      onKill: ({ process }) => void killed.push(process.slot),
    });
    look(0n);
    spinning.state.busy = PERIOD_NS;
    idle.state.busy = PERIOD_NS / 100n;
    look(PERIOD_NS);
    expect(killed).to.deep.equal([2]);
    expect([idle.state.killed, spinning.state.killed]).to.deep.equal([false, true]);
  });

  it('measures how long a program has computed without asking the kernel for anything', () => {
    const { state, process } = program(1);
    const spells: bigint[] = [];
    const look = createWatchdog({
      running: () => [process],
      overruns: ({ spellNs }) => spells.push(spellNs) < 0,
    });
    for (const [busy, blocked] of [
      [5n, 0n],
      [9n, 0n],
      [10n, 1n],
      [13n, 1n],
    ] as const) {
      Object.assign(state, { busy, blocked });
      look(busy);
    }
    expect(spells).to.deep.equal([5n, 9n, 0n, 3n]);
  });

  it('does not look at what waits for the kernel', () => {
    const { state, process } = program(1);
    let asked = 0;
    const look = createWatchdog({ running: () => [process], overruns: () => asked++ < 0 });
    look(0n);
    state.waiting = true;
    look(PERIOD_NS);
    expect(asked).to.equal(1);
  });

  it('tells the policy the time since its last look and the total', () => {
    const { state, process } = program(1);
    const loads: [bigint, bigint, bigint][] = [];
    const look = createWatchdog({
      running: () => [process],
      overruns: ({ busyNs, sinceNs, totalBusyNs }) => loads.push([busyNs, sinceNs, totalBusyNs]) < 0,
    });
    for (const busy of [5n, 7n]) {
      state.busy = busy;
      look(busy * 10n);
    }
    expect(loads).to.deep.equal([
      [5n, 0n, 5n],
      [2n, 20n, 7n],
    ]);
  });
});
