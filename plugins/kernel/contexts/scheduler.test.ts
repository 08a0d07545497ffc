import { expect } from 'chai';
import type { Abi } from '../gate/abi.js';
import { Context, kernelEngine } from './context.js';
import { Scheduler } from './scheduler.js';

const MS = 1e6;

function setUp() {
  let nowNs = 0;
  const contexts = ['idle', 'a', 'b'].map((name, slot) => {
    const context = new Context(slot, slot, kernelEngine, {} as Abi);
    context.name = name;
    context.state = 'runnable';
    return context;
  });
  const [idle, a, b] = contexts as [Context, Context, Context];
  const scheduler = new Scheduler(idle, idle, () => nowNs);
  const runFor = (ns: number) => {
    nowNs += ns;
    scheduler.charge();
  };
  const sleep = (context: Context) => {
    context.state = 'blocked';
    return scheduler.next();
  };
  const wake = (context: Context) => {
    context.state = 'runnable';
    scheduler.ready(context);
  };
  return { scheduler, idle, a, b, runFor, sleep, wake };
}

describe('the scheduler', () => {
  it('runs who has run least, and idles when nobody can run', () => {
    const { scheduler, idle, a, b, runFor, sleep } = setUp();
    scheduler.ready(a);
    scheduler.ready(b);
    expect(scheduler.next()).to.equal(a);
    runFor(4 * MS);
    expect(scheduler.next()).to.equal(b);
    runFor(3 * MS);
    expect(sleep(b)).to.equal(a);
    expect(sleep(a)).to.equal(idle);
  });

  it('lets who sleeps often overtake who never does, at each wake-up', () => {
    const { scheduler, a, b, runFor, sleep, wake } = setUp();
    scheduler.ready(a);
    scheduler.ready(b);
    expect(scheduler.next()).to.equal(a);
    runFor(MS / 100);
    for (let i = 0; i < 50; i++) {
      expect(sleep(a)).to.equal(b);
      runFor(MS / 5);
      wake(a);
      expect(scheduler.due).to.equal(true);
      expect(scheduler.next()).to.equal(a);
      runFor(MS / 100);
    }
  });

  it('does not let a pair that wakes each other thrash', () => {
    const { scheduler, a, b, runFor, sleep, wake } = setUp();
    scheduler.ready(a);
    scheduler.next();
    runFor(MS / 100);
    sleep(a);
    scheduler.ready(b);
    scheduler.next();
    runFor(MS / 100);
    wake(a);
    expect(scheduler.due).to.equal(false);
  });

  it('gives a newcomer no credit for sleep', () => {
    const { scheduler, a, b, runFor } = setUp();
    scheduler.ready(a);
    scheduler.next();
    runFor(10 * MS);
    scheduler.next();
    scheduler.ready(b);
    expect([b.virtualRuntime, scheduler.due]).to.deep.equal([10 * MS, false]);
  });

  it('does not pay for a long sleep with a long turn', () => {
    const { scheduler, a, b, runFor, sleep, wake } = setUp();
    scheduler.ready(a);
    scheduler.ready(b);
    scheduler.next();
    runFor(MS);
    sleep(a);
    for (let i = 0; i < 100; i++) {
      runFor(10 * MS);
      scheduler.next();
    }
    wake(a);
    expect(b.virtualRuntime - a.virtualRuntime).to.be.within(MS, 3 * MS);
  });
});
