import { expect } from 'chai';
import fc from 'fast-check';
import { Scope } from '../lifecycle/scope.js';
import { ManualClock } from './manual-clock.js';
import { RealClock } from './real-clock.js';
import { VirtualClock } from './virtual-clock.js';

describe('ManualClock', () => {
  it('fires deadlines in time order, each at its own time, whatever the order they were set in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), (delays) => {
        const clock = new ManualClock();
        const fired: number[] = [];
        for (const delay of delays) clock.after(delay, () => void fired.push(clock.nowNs));
        clock.advance(1000);
        expect(fired).to.deep.equal(delays.toSorted((a, b) => a - b));
      }),
    );
  });

  it('never fires what was cancelled, and fires all else', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.boolean())), (plans) => {
        const clock = new ManualClock();
        let fired = 0;
        const undos = plans.map(([delay]) => clock.after(delay, () => void fired++));
        plans.forEach(([, cancel], i) => cancel && void undos[i]?.());
        clock.advance(100);
        expect(fired).to.equal(plans.filter(([, cancel]) => !cancel).length);
        expect(clock.nextDeadlineNs).to.equal(Infinity);
      }),
    );
  });

  it('fires equal deadlines in the order they were set', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    for (const name of ['a', 'b', 'c']) clock.after(5, () => void fired.push(name));
    clock.advance(5);
    expect(fired).to.deep.equal(['a', 'b', 'c']);
  });

  it('a deadline cancelled by another of the same moment does not fire', () => {
    const clock = new ManualClock();
    let fired = false;
    clock.after(5, () => void cancel());
    const cancel = clock.after(5, () => void (fired = true));
    clock.advance(5);
    expect(fired).to.equal(false);
  });

  it('lets a periodic timer arm itself on the way', () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.nowNs);
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(ticks).to.deep.equal([10, 20, 30]);
    expect(clock.nowNs).to.equal(35);
  });

  it('stands still while held', () => {
    const clock = new ManualClock();
    clock.pause();
    clock.advance(100);
    clock.resume();
    expect(clock.nowNs).to.equal(0);
  });
});

describe('RealClock', () => {
  it('counts host time less the time it was held, and starts held', () => {
    let hostMs = 1000;
    const clock = new RealClock(() => hostMs, 5n);
    hostMs += 7;
    expect(clock.nowNs).to.equal(0);
    clock.resume();
    hostMs += 2;
    clock.pause();
    hostMs += 100;
    clock.resume();
    hostMs += 1;
    expect(clock.nowNs).to.equal(3e6);
    expect(clock.realtimeNs).to.equal(3_000_005n);
  });
});

describe('VirtualClock', () => {
  it('moves with retired instructions and jumps over idle time', () => {
    let retired = 0;
    const clock = new VirtualClock({ retired: () => retired, nsPerInstruction: 2 });
    let fired = 0;
    clock.after(1000, () => void fired++);
    expect(clock.instructionsToDeadline()).to.equal(500);
    retired = 100;
    expect(clock.nowNs).to.equal(200);
    clock.fireDue();
    expect(fired).to.equal(0);
    expect(clock.skipToDeadline()).to.equal(true);
    clock.fireDue();
    expect([clock.nowNs, fired]).to.deep.equal([1000, 1]);
    expect(clock.skipToDeadline()).to.equal(false);
  });
});

describe('a clock seen by a plugin', () => {
  it('cancels what is pending when the scope closes', async () => {
    const clock = new ManualClock();
    const scope = new Scope('pit8254');
    const seen = clock.inScope(scope);
    let fired = 0;
    seen.after(5, () => void fired++);
    seen.after(50, () => void fired++);
    clock.advance(5);
    await scope.close();
    clock.advance(100);
    expect(fired).to.equal(1);
    expect(clock.nextDeadlineNs).to.equal(Infinity);
  });
});
