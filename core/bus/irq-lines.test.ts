import { expect } from 'chai';
import { HostError } from '../errors/host-error.js';
import { createMachineHooks } from '../hooks/machine-hooks.js';
import { tapIn } from '../hooks/untap.js';
import { Scope } from '../lifecycle/scope.js';
import { Stage } from '../lifecycle/stage.js';
import { IrqLines } from './irq-lines.js';

function setUp() {
  const hooks = createMachineHooks();
  const toCpu: boolean[] = [];
  const irq = new IrqLines(hooks, (high) => void toCpu.push(high));
  const heard: string[] = [];
  const controller = {
    lineChange: (line: number, high: boolean) => void heard.push(`${line} ${high ? 'high' : 'low'}`),
    acknowledge: () => 0x24,
  };
  return { hooks, irq, toCpu, heard, controller };
}

describe('IrqLines', () => {
  it('tells the controller of changes only', () => {
    const { irq, heard, controller } = setUp();
    irq.claimController(controller);
    irq.set(4, true);
    irq.set(4, true);
    irq.set(4, false);
    expect(heard).to.deep.equal(['4 high', '4 low']);
  });

  it('keeps a line high while any driver holds it', () => {
    const { irq, heard, controller } = setUp();
    irq.claimController(controller);
    const [first, second] = [irq.inScope(new Scope('first')), irq.inScope(new Scope('second'))];
    first.set(5, true);
    second.set(5, true);
    first.set(5, false);
    expect(irq.level(5)).to.equal(true);
    second.set(5, false);
    expect(heard).to.deep.equal(['5 high', '5 low']);
  });

  it('lets go of what a scope drives when it closes', async () => {
    const { irq } = setUp();
    const scope = new Scope('serial');
    irq.inScope(scope).set(4, true);
    await scope.close();
    expect(irq.level(4)).to.equal(false);
  });

  it('hands a line from a plugin to its successor without a glitch', async () => {
    const { irq, heard, controller } = setUp();
    irq.claimController(controller);
    const old = new Scope('serial');
    irq.inScope(old).set(4, true);
    const stage = new Stage(new Set([old]));
    irq.inScope(new Scope('serial', stage)).set(4, true);
    stage.commit();
    await old.close();
    expect(heard).to.deep.equal(['4 high']);
  });

  it('forgets what a successor drove when its transaction is taken back', async () => {
    const { irq } = setUp();
    const stage = new Stage();
    const scope = new Scope('serial', stage);
    irq.inScope(scope).set(4, true);
    stage.abort();
    irq.set(5, true);
    expect(irq.level(4)).to.equal(false);
    await scope.close();
    expect(irq.level(4)).to.equal(false);
  });

  it('passes on requests of the controller in charge only', () => {
    const { irq, toCpu, controller } = setUp();
    const pic = irq.inScope(new Scope('pic'));
    pic.claimController(controller);
    irq.inScope(new Scope('stranger')).request(true);
    expect(toCpu).to.deep.equal([]);
    pic.request(true);
    pic.request(true);
    expect(toCpu).to.deep.equal([true]);
  });

  it('lowers the request when the controller goes', () => {
    const { irq, toCpu, controller } = setUp();
    const pic = irq.inScope(new Scope('pic'));
    const undo = pic.claimController(controller);
    pic.request(true);
    void undo();
    expect(toCpu).to.deep.equal([true, false]);
  });

  it('tells a new controller of the lines that are high', () => {
    const { irq, heard, controller } = setUp();
    irq.set(3, true);
    irq.claimController(controller);
    expect(heard).to.deep.equal(['3 high']);
  });

  it('a tap that answers lineChange keeps it from the controller', () => {
    const { hooks, irq, heard, controller } = setUp();
    irq.claimController(controller);
    tapIn(new Scope('tracer'), hooks.lineChange, { name: 'tracer' }, (line) => line === 1 || undefined);
    irq.set(1, true);
    irq.set(2, true);
    expect(heard).to.deep.equal(['2 high']);
  });

  it('acknowledges with all ones when nobody controls the lines', () => {
    const { irq, controller } = setUp();
    expect(irq.acknowledge()).to.equal(0xff);
    irq.claimController(controller);
    expect(irq.acknowledge()).to.equal(0x24);
  });

  it('refuses lines that do not exist and a second controller', () => {
    const { irq, controller } = setUp();
    expect(() => irq.set(16, true)).to.throw(HostError, 'IRQ_LINE');
    irq.inScope(new Scope('pic')).claimController(controller);
    expect(() => irq.claimController(controller)).to.throw(HostError, /CONTROLLER_TAKEN.*pic/);
  });
});
