import { expect } from 'chai';
import { tapIn, tapKeyIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { serial16550 } from '../../plugins/devices/serial16550/index.js';
import { CODE, createPc, IRQ_BASE, setGate, startPic } from '../support/pc.js';
import { until } from '../support/until.js';

const HANDLER = CODE + 0x100;
/** sti; hlt; cmp ecx, 5; jb CODE; mov eax, ecx; out 0xf4, al; hlt; jmp -3 */
const FIVE_INTERRUPTS = 'fb f4 83f905 72f9 89c8 e6f4 f4 ebfd';
/** inc ecx; mov al, 0x20; out 0x20, al; iretq */
const COUNT_AND_EOI = 'ffc1 b020 e620 48cf';
/** Waits for a byte at COM1 and sends it back, for good. */
const ECHO = '66bafd03 ec a801 74f7 66baf803 ec ee ebef';

type Pc = Awaited<ReturnType<typeof createPc>>;

function startTimer({ machine }: Pc, hz: number): void {
  const count = Math.round(1_193_182 / hz);
  for (const [port, value] of [
    [0x43, 0x34],
    [0x40, count & 0xff],
    [0x40, count >> 8],
  ] as const) {
    machine.ports.write8(port, value);
  }
}

async function fiveTimerInterrupts(clock: 'real' | 'virtual'): Promise<Pc> {
  const pc = await createPc({ clock });
  pc.load(CODE, FIVE_INTERRUPTS);
  pc.load(HANDLER, COUNT_AND_EOI);
  setGate(pc.machine, IRQ_BASE, HANDLER);
  startPic(pc.machine, 1);
  startTimer(pc, 200);
  return pc;
}

describe('a PC', () => {
  it('sleeps for timer interrupts and powers off with a status', async () => {
    const { machine } = await fiveTimerInterrupts('real');
    machine.resume();
    expect(await machine.finished).to.deep.equal({ status: 2 * 5 + 1 });
    expect(machine.clock.nowNs).to.be.at.least(19e6);
  });

  it('sees the same times in every run when time is virtual', async () => {
    const runs: [number, number][] = [];
    for (let run = 0; run < 2; run++) {
      const { machine } = await fiveTimerInterrupts('virtual');
      machine.resume();
      await machine.finished;
      runs.push([machine.clock.nowNs, machine.cpu.retired]);
    }
    expect(runs[0]).to.deep.equal(runs[1]);
    expect(runs[0]?.[0]).to.be.within(20e6, 26e6);
  });

  it('echoes every byte once and in order while its devices are exchanged a hundred times', async () => {
    const { machine, line, sent, load } = await createPc();
    load(CODE, ECHO);
    machine.resume();
    const expected: number[] = [];
    for (let round = 0; round < 100; round++) {
      const bytes = Array.from({ length: 37 }, (_, i) => (round * 37 + i) & 0xff);
      expected.push(...bytes);
      line.receive(bytes);
      await Promise.all([
        machine.plugins.swap(serial16550),
        machine.plugins.swap(pic8259),
        machine.plugins.swap(pit8254),
      ]);
    }
    await until(() => sent.length >= expected.length || machine.state !== 'running');
    expect(sent).to.deep.equal(expected);
    await machine.close();
  });

  it('counts every timer interrupt while the timer and the controller are exchanged', async () => {
    const pc = await fiveTimerInterrupts('virtual');
    const { machine } = pc;
    machine.resume();
    while (machine.state === 'running') {
      await Promise.all([machine.plugins.swap(pit8254), machine.plugins.swap(pic8259)]);
    }
    expect(await machine.finished).to.deep.equal({ status: 11 });
  });

  it('fires taps of ports and interrupts, and stops at a tap that throws', async () => {
    const { machine } = await fiveTimerInterrupts('virtual');
    const scope = new Scope('tracer');
    const vectors: number[] = [];
    tapIn(scope, machine.hooks.interrupt, { name: 'tracer' }, (vector) => {
      vectors.push(vector);
      return undefined;
    });
    tapKeyIn(scope, machine.hooks.portOut, 0xf4, { name: 'tracer' }, () => {
      throw new Error('not yet');
    });
    machine.resume();
    const failure = await machine.finished.catch((error: Error) => error.message);
    expect(failure).to.equal('TAP_FAILED: tracer threw in its tap of portOut 0xf4: not yet');
    expect(vectors).to.deep.equal([IRQ_BASE, IRQ_BASE, IRQ_BASE, IRQ_BASE, IRQ_BASE]);
  });

  it('stops at a breakpoint, steps, and goes on', async () => {
    const { machine } = await fiveTimerInterrupts('virtual');
    const stopped = new Promise<string>((resolve) =>
      tapIn(new Scope('test'), machine.hooks.stop, { name: 'test' }, ({ kind }) => void resolve(kind)),
    );
    const undo = machine.cpu.addBreakpoint(BigInt(HANDLER));
    machine.resume();
    expect(await stopped).to.equal('breakpoint');
    expect(machine.cpu.registers.rip).to.equal(BigInt(HANDLER));
    expect(await machine.step()).to.deep.equal({ kind: 'step' });
    expect(machine.cpu.registers.rip).to.equal(BigInt(HANDLER + 2));
    undo();
    machine.resume();
    expect(await machine.finished).to.deep.equal({ status: 11 });
  });

  it('answers a triple fault with an error that names rip', async () => {
    const { machine, load } = await createPc();
    load(CODE, '0f0b');
    machine.resume();
    const failure = await machine.finished.catch((error: Error) => error.message);
    expect(failure).to.match(/^TRIPLE_FAULT.*rip 0x10000/);
  });
});
