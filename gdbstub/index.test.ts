import { expect } from 'chai';
import { startGdbStub } from './index.js';
import type { GdbStub } from './index.js';
import { Client, until } from './testing/client.js';
import { FakeTarget } from './testing/fake-target.js';
import { smallMachine } from './testing/small-machine.js';

describe('GDB stub', () => {
  let target: FakeTarget;
  let stub: GdbStub;
  const reported: unknown[] = [];

  beforeEach(async () => {
    target = new FakeTarget();
    smallMachine(target);
    reported.length = 0;
    stub = await startGdbStub({ target, port: 0, report: (error) => reported.push(error) });
  });

  afterEach(async () => {
    target.run.interrupt();
    await stub.close();
    await until(() => !target.run.running || target.listeners.size === 0);
    target.run.stop({ kind: 'pause' });
  });

  const nothingLeft = () => target.breaks.size + target.watches.size + target.listeners.size === 0;

  for (const leave of ['reset', 'end'] as const) {
    it(`resumes the target and takes a new debugger when one vanishes while it stands (${leave})`, async () => {
      const first = await Client.open(stub.port);
      expect(await first.ask('Z0,1007,1')).to.equal('OK');
      expect(await first.ask('Z2,2000,8')).to.equal('OK');
      if (leave === 'reset') first.vanish();
      else first.socket.end();
      await until(() => target.run.running && nothingLeft() && !stub.attached);
      const second = await Client.open(stub.port);
      expect(await second.ask('?')).to.match(/^T02/);
    });
  }

  it('lets the target run on when a debugger vanishes while it runs', async () => {
    const client = await Client.open(stub.port);
    await client.ask('?');
    client.send('vCont;c');
    await until(() => target.run.running);
    client.socket.write('\x03');
    client.vanish();
    await until(() => !stub.attached);
    await until(() => target.run.running && nothingLeft());
  });

  it('stops a running target for each debugger, and lets it run after each detach', async () => {
    target.run.resume({});
    for (let round = 0; round < 20; round++) {
      const client = await Client.open(stub.port);
      expect(await client.ask('?')).to.match(/^T02.*thread:1;$/);
      expect(await client.ask('Z1,1000,1')).to.equal('OK');
      expect(await client.ask('D')).to.equal('OK');
      await client.closed;
      await until(() => !stub.attached);
      expect(target.run.running && nothingLeft()).to.equal(true);
    }
  });

  it('tells a second connection why it is closed, and keeps the first', async () => {
    const first = await Client.open(stub.port);
    await first.ask('?');
    const second = await Client.open(stub.port);
    expect(await second.ask('qSupported')).to.equal('E.another debugger is attached to this machine');
    await second.closed;
    expect(await first.ask('qC')).to.equal('QC1');
  });

  it('answers with an error, not with silence, when the machine does not stop', async function () {
    target.deaf = true;
    target.run.resume({});
    const client = await Client.open(stub.port);
    expect(await client.ask('qSupported:error-message+')).to.match(/^PacketSize=/);
    expect(await client.ask('?')).to.equal('E.the machine does not stop');
    target.deaf = false;
  });

  it('refuses packets other than leaving ones while the target runs', async () => {
    const client = await Client.open(stub.port);
    await client.ask('?');
    client.send('vCont;c');
    expect(await client.ask('g')).to.equal('E10');
    expect(await client.ask('D')).to.equal('OK');
  });

  it('holds little for a debugger that asks without reading', async () => {
    const client = await Client.open(stub.port);
    await client.ask('QStartNoAckMode');
    let reads = 0;
    const { memory } = target;
    Object.assign(target, { memory: { ...memory, read: () => (reads++, new Uint8Array(0xff00)) } });
    client.socket.pause();
    for (let count = 0; count < 5000; count++) client.send('m2000,ff00');
    await until(() => reads > 20);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reads).to.be.below(200);
    client.socket.resume();
    await until(() => reads > 1000);
  });

  it('goes on after any packet of noise, and reports no fault', async () => {
    const client = await Client.open(stub.port);
    await client.ask('QStartNoAckMode');
    const noise = [
      'Z',
      'Z9',
      'm',
      'M,',
      'X1,2',
      'P',
      'G0',
      'H',
      'Hq1',
      'T',
      'vCont;',
      'vFile:',
      'vFile:open:zz',
      'qXfer',
    ];
    for (const body of [
      ...noise,
      'qXfer:threads:read:x:',
      'qSearch:memory:0;1;',
      'G'.padEnd(5000, 'z'),
      'p-1',
      '\x00',
    ]) {
      expect(await client.ask(body)).to.match(/^$|^E..$|^F-1,|^OK$/);
    }
    expect(await client.ask('qC')).to.equal('QC1');
    expect(reported).to.deep.equal([]);
  });

  it('tells gdb of a fault of the target, and reports it', async () => {
    const { memory } = target;
    const read = () => {
      throw new TypeError('broken');
    };
    Object.assign(target, { memory: { ...memory, read } });
    const client = await Client.open(stub.port);
    expect(await client.ask('m2000,4')).to.equal('E05');
    expect(reported).to.have.length(1);
  });

  it('ends the session with the status of a machine that exits', async () => {
    const client = await Client.open(stub.port);
    await client.ask('?');
    client.send('vCont;c');
    await until(() => target.run.running);
    target.run.stop({ kind: 'exited', status: 3 });
    expect(await client.next()).to.equal('W03');
    await client.closed;
    expect(target.run.running).to.equal(false);
  });

  it('kills a target that can be killed', async () => {
    let killed = 0;
    Object.assign(target, { kill: () => killed++ });
    const client = await Client.open(stub.port);
    expect(await client.ask('vKill;1')).to.equal('OK');
    await client.closed;
    expect([killed, nothingLeft(), target.run.running]).to.deep.equal([1, true, false]);
  });

  it('names the port when another program listens on it', async () => {
    const failure = await startGdbStub({ target, port: stub.port, report: () => {} }).catch(
      (error: unknown) => error,
    );
    expect(failure).to.include({ code: 'GDB_PORT_TAKEN' });
  });

  it('frees its port and its target when it is closed with a debugger in it', async () => {
    const client = await Client.open(stub.port);
    await client.ask('?');
    await stub.close();
    await client.closed;
    await until(() => target.run.running && nothingLeft());
    const again = await startGdbStub({ target, port: stub.port, report: () => {} });
    await again.close();
  });
});
