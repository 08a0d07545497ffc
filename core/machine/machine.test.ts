import { expect } from 'chai';
import { fakeCpu } from '../../test/support/fake-cpu.js';
import type { FakeInstruction } from '../../test/support/fake-cpu.js';
import { until } from '../../test/support/until.js';
import type { HostError } from '../errors/host-error.js';
import type { StopReason } from '../hooks/machine-hooks.js';
import { tapAsyncIn, tapIn, tapKeyIn } from '../hooks/untap.js';
import { Scope } from '../lifecycle/scope.js';
import { definePlugin } from '../plugin/plugin.js';
import { Machine } from './machine.js';

const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const NOP: FakeInstruction = () => {};
const HLT: FakeInstruction = () => 'halt';

function setUp(program: FakeInstruction[] = [NOP], clock: 'real' | 'virtual' = 'real') {
  const { create, cpu } = fakeCpu(program);
  const machine = new Machine({ ramMiB: 1, clock }, create);
  const stops: StopReason[] = [];
  const scope = new Scope('test');
  tapIn(scope, machine.hooks.stop, { name: 'test' }, (reason) => void stops.push(reason));
  return { machine, cpu: cpu(), stops, scope, tap: { name: 'test' } };
}

const failureOf = (machine: Machine) =>
  machine.finished.then(
    () => 'no failure',
    (error: HostError) => error.message,
  );

describe('Machine', () => {
  it('fires powerOn and reset before the first instruction', async () => {
    const order: string[] = [];
    const { machine, scope, tap } = setUp([() => (order.push('instruction'), 'halt')]);
    tapIn(scope, machine.hooks.powerOn, tap, () => void order.push('powerOn'));
    tapIn(scope, machine.hooks.reset, tap, (cause) => void order.push(`reset ${cause}`));
    machine.start();
    await machine.pause();
    expect(order.slice(0, 2)).to.deep.equal(['powerOn', 'reset power-on']);
    machine.powerOff();
  });

  it('holds the first instruction when asked to', async () => {
    const { machine, cpu, stops } = setUp();
    machine.start({ held: true });
    await tick();
    expect([machine.state, cpu.retired]).to.deep.equal(['paused', 0]);
    expect(stops).to.deep.equal([{ kind: 'pause' }]);
  });

  it('wakes a CPU that rests by single steps, as soon as a deadline is due', async () => {
    const { machine, cpu } = setUp([HLT, NOP]);
    machine.start({ held: true });
    await machine.step();
    machine.clock.after(50e6, () => cpu.setInterruptLine(true));
    const steps: number[] = [];
    for (let count = 0; count < 200 && cpu.retired < 2; count++) {
      await machine.step();
      steps.push(cpu.retired);
    }
    expect([steps[0], cpu.retired]).to.deep.equal([1, 2]);
    machine.powerOff();
  });

  it('runs, pauses, steps and resumes; time stands still while paused', async () => {
    const { machine, cpu } = setUp();
    machine.start();
    await tick(2);
    await machine.pause();
    const retired = cpu.retired;
    const nowNs = machine.clock.nowNs;
    await tick(5);
    expect([cpu.retired, machine.clock.nowNs]).to.deep.equal([retired, nowNs]);
    expect(await machine.step()).to.deep.equal({ kind: 'step' });
    expect(cpu.retired).to.equal(retired + 1);
    machine.resume();
    await until(() => cpu.retired > retired + 1);
    machine.powerOff();
  });

  it('resolves finished with the status, after all powerOff taps', async () => {
    const { machine, scope, tap } = setUp();
    const order: string[] = [];
    tapAsyncIn(scope, machine.hooks.powerOff, tap, async (status) => {
      await tick(1);
      order.push(`off ${status}`);
    });
    machine.start();
    machine.powerOff(7);
    expect(await machine.finished).to.deep.equal({ status: 7 });
    expect(order).to.deep.equal(['off 7']);
  });

  it('answers accesses by tap, claim and floating bus', async () => {
    const seen: number[] = [];
    const { machine, scope, tap } = setUp([
      (bus) => void seen.push(bus.portIn(0x10, 1), bus.portIn(0x11, 1), bus.portIn(0x12, 2)),
      HLT,
    ]);
    machine.ports.claim(0x10, 2, { read8: () => 1, write8() {} });
    tapKeyIn(scope, machine.hooks.portIn, 0x11, tap, () => 2);
    machine.start();
    await until(() => seen.length >= 3);
    expect(seen.slice(0, 3)).to.deep.equal([1, 2, 0xffff]);
    machine.powerOff();
  });

  it('offers the CPU the optional calls only while they are tapped', async () => {
    const { machine, cpu, tap } = setUp();
    const names = ['exception', 'interrupt', 'syscall'] as const;
    const offered = () => names.filter((name) => cpu.bus[name] !== undefined);
    expect(offered()).to.deep.equal([]);
    const scope = new Scope('tracer');
    tapIn(scope, machine.hooks.pageFault, tap, () => undefined);
    tapIn(scope, machine.hooks.interrupt, tap, () => true);
    tapIn(scope, machine.hooks.syscallEnter, tap, () => true);
    expect(offered()).to.deep.equal([...names]);
    expect(cpu.bus.exception?.(14, 2, 0n)).to.equal(false);
    await scope.close();
    expect(offered()).to.deep.equal([]);
  });

  it('a hypercall nobody answers is refused', () => {
    const { machine, cpu, scope, tap } = setUp();
    expect(cpu.bus.hypercall()).to.equal(false);
    tapIn(scope, machine.hooks.hypercall, tap, () => true);
    expect(cpu.bus.hypercall()).to.equal(true);
  });
});

describe('a machine that fails', () => {
  it('stops, names the plugin whose tap threw, and unwinds nothing through the CPU', async () => {
    let returned: boolean | undefined;
    const { machine, scope, stops } = setUp([(bus) => void (returned = bus.hypercall())]);
    tapIn(scope, machine.hooks.hypercall, { name: 'kernel' }, () => {
      throw new Error('no such call');
    });
    machine.start();
    expect(await failureOf(machine)).to.equal(
      'TAP_FAILED: kernel threw in its tap of hypercall: no such call',
    );
    expect([returned, machine.state, stops[0]?.kind]).to.deep.equal([false, 'failed', 'hostError']);
  });

  it('names the owner of a device that throws', async () => {
    const { machine } = setUp([(bus) => void bus.portIn(0x60, 1)]);
    const broken = {
      read8(): never {
        throw new Error('jammed');
      },
      write8() {},
    };
    machine.ports.inScope(new Scope('ps2')).claim(0x60, 1, broken);
    machine.start();
    expect(await failureOf(machine)).to.equal('HANDLER_FAILED: ps2 threw at port 0x60: jammed');
  });

  it('is left to a debugger that answers stop, and ends on resume', async () => {
    const { machine, scope } = setUp([() => 'tripleFault']);
    tapIn(scope, machine.hooks.stop, { name: 'gdb' }, () => true);
    machine.start();
    await tick(1);
    expect(machine.state).to.equal('paused');
    machine.resume();
    expect(await failureOf(machine)).to.match(/^TRIPLE_FAULT.*rip 0x1000/);
  });

  it('reports a deadline that throws', async () => {
    const { machine } = setUp([HLT]);
    machine.clock.inScope(new Scope('pit')).after(1e5, () => {
      throw new Error('late');
    });
    machine.start();
    expect(await failureOf(machine)).to.equal('HANDLER_FAILED: pit threw at a deadline: late');
  });
});

describe('stops', () => {
  it('a breakpoint holds the machine until resume', async () => {
    let hits = 0;
    const { machine, stops } = setUp([NOP, () => (hits++ === 0 ? 'breakpoint' : 'halt')]);
    machine.start();
    await tick(1);
    expect([machine.state, ...stops]).to.deep.equal(['paused', { kind: 'breakpoint' }]);
    machine.resume();
    await tick(1);
    expect(machine.state).to.equal('running');
    machine.powerOff();
  });

  it('a watchpoint that a tap of watch answers does not hold the machine', async () => {
    const hit = { linear: 0x2000n, kind: 'write' } as const;
    const { machine, cpu, scope, tap, stops } = setUp([
      (bus) => (bus.watch?.(hit) ? undefined : 'watchpoint'),
    ]);
    cpu.lastWatch = hit;
    let answers = 3;
    tapIn(scope, machine.hooks.watch, tap, () => answers-- > 0 || undefined);
    machine.start();
    await tick(1);
    expect(stops).to.deep.equal([{ kind: 'watchpoint', hit }]);
  });
});

describe('the run loop', () => {
  it('lets timers of the host run while the guest never rests', async () => {
    const { machine } = setUp();
    machine.start();
    for (let i = 0; i < 10; i++) await tick(1);
    expect(machine.state).to.equal('running');
    machine.powerOff();
  });

  it('sleeps while halted and wakes for a deadline', async () => {
    const { machine, cpu } = setUp([HLT]);
    machine.clock.after(50e6, () => cpu.setInterruptLine(true));
    machine.irq.claimController({ lineChange: () => machine.irq.request(true), acknowledge: () => 0 });
    machine.start();
    expect([cpu.retired, cpu.interruptLine]).to.deep.equal([1, false]);
    await until(() => cpu.retired > 1);
    expect(cpu.interruptLine).to.equal(true);
    machine.powerOff();
  });

  it('jumps over idle time when time is virtual', async () => {
    const { machine } = setUp([HLT], 'virtual');
    const HOUR_NS = 3600e9;
    machine.clock.after(HOUR_NS, () => machine.powerOff(5));
    machine.start();
    expect(await machine.finished).to.deep.equal({ status: 5 });
    expect(machine.clock.nowNs).to.be.at.least(HOUR_NS);
  });

  it('answers a doorbell while running and while asleep', async () => {
    for (const instruction of [NOP, HLT]) {
      const { machine } = setUp([instruction]);
      const bell = new Int32Array(new SharedArrayBuffer(4));
      let rings = 0;
      const undo = machine.doorbell(bell, () => {
        Atomics.store(bell, 0, 0);
        rings++;
      });
      machine.start();
      await tick(3);
      Atomics.store(bell, 0, 1);
      Atomics.notify(bell, 0);
      await until(() => rings > 0);
      await tick(2);
      expect(rings).to.equal(1);
      void undo();
      machine.powerOff();
      await machine.finished;
    }
  });

  it('does not look at the CPU while it rests and nothing is due', async () => {
    const { machine, cpu } = setUp([HLT]);
    machine.start();
    await tick(5);
    const slices = cpu.slices;
    await tick(100);
    expect(cpu.slices).to.equal(slices);
    machine.powerOff();
  });

  it('swaps a plugin that asks for it from its own tap, at the next border', async () => {
    const { machine, cpu } = setUp([(bus) => void bus.portOut(0x80, 1, 1), NOP]);
    const depths: string[] = [];
    let inside = false;
    const selfSwapping = definePlugin({
      name: 'self',
      needs: ['ports'],
      start({ scope, use }, _config: object, carried?: { version: number; swaps: number }) {
        depths.push(inside ? 'within the access' : 'at a border');
        const swaps = (carried?.swaps ?? -1) + 1;
        const write8 = () => {
          inside = true;
          if (swaps < 5) void machine.plugins.swap(selfSwapping, {});
          inside = false;
        };
        scope.use('ports', () => use.ports.claim(0x80, 1, { read8: () => 0, write8 }));
        return { carry: () => ({ version: 1, swaps }) };
      },
    });
    await machine.plugins.load(selfSwapping, {});
    machine.start();
    await until(() => machine.plugins.list()[0]?.swaps === 5);
    expect(new Set(depths)).to.deep.equal(new Set(['at a border']));
    expect(cpu.retired).to.be.above(10);
    await machine.close();
    expect(machine.plugins.list()).to.deep.equal([]);
  });
});
