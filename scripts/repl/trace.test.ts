import { expect } from 'chai';
import { fakeSession } from './fake-session.js';
import { createTrace } from './trace.js';

describe('trace', () => {
  const setUp = () => {
    const { session, machine, calls } = fakeSession();
    const lines: string[] = [];
    const trace = createTrace(session, (line) => void lines.push(line));
    const finish = (name: string, scheme: string | undefined, result: number) => {
      calls.current = { context: 'ion 5', name, args: [3, 0x40_1000, 16], scheme };
      machine.hooks.syscallExit.call(0, result);
    };
    return { machine, trace, lines, finish };
  };

  it('prints each finished system call that its filter lets through', () => {
    const { trace, lines, finish } = setUp();
    trace.syscalls(/^re/);
    finish('read', 'pipe', 16);
    finish('write', 'pipe', -32);
    expect(lines).to.deep.equal(['[ion 5] read(3, 0x401000, 16) = 16']);
  });

  it('prints the calls on one scheme', () => {
    const { trace, lines, finish } = setUp();
    trace.schemes('pipe');
    finish('read', 'file', 1);
    finish('futex', undefined, 0);
    finish('write', 'pipe', -32);
    expect(lines).to.deep.equal(['pipe: [ion 5] write(3, 0x401000, 16) = -32']);
  });

  it('prints what is read from and written to ports, and changes neither', () => {
    const { machine, trace, lines } = setUp();
    const written: number[] = [];
    machine.ports.claim(0x60, 2, {
      read8: (offset) => 0x40 + offset,
      write8: (_, value) => void written.push(value),
    });
    expect(trace.ports('machine')).to.equal('tracing 2 ports');
    expect(machine.ports.read(0x61, 1)).to.equal(0x41);
    machine.ports.write(0x60, 1, 7);
    expect(written).to.deep.equal([7]);
    expect(lines).to.deep.equal(['in  0x61 8 bits: 0x41', 'out 0x60 8 bits: 0x7']);
  });

  it('prints interrupts and exceptions without answering them', () => {
    const { machine, trace, lines } = setUp();
    trace.interrupts();
    expect(machine.hooks.interrupt.call(0x20)).to.equal(undefined);
    expect(machine.hooks.exception.call(14, 6, 0x7f00n)).to.equal(undefined);
    expect(lines).to.deep.equal(['interrupt 0x20', 'exception #PF error 0x6 at 0x7f00']);
  });

  it('leaves nothing behind when it is switched off, and works again afterwards', async () => {
    const { machine, trace, lines, finish } = setUp();
    trace.syscalls();
    trace.interrupts();
    trace.ports([0x60, 0x61]);
    expect(await trace.off()).to.equal('7 taps removed');
    const { syscallExit, interrupt, exception, portIn } = machine.hooks;
    expect([syscallExit, interrupt, exception].flatMap(({ taps }) => taps)).to.deep.equal([]);
    expect(portIn.get(0x60)).to.equal(undefined);
    finish('read', undefined, 0);
    trace.syscalls('read');
    finish('read', undefined, 0);
    expect(lines).to.have.length(1);
  });
});
