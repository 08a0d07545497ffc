import { expect } from 'chai';
import { frame } from './frame.js';
import { Link } from './link.js';

function bench() {
  const log: string[] = [];
  const link = new Link({
    send: (bytes) => log.push(Buffer.from(bytes).toString('latin1')),
    packet: (body) => log.push(`packet ${body}`),
    interrupt: () => log.push('interrupt'),
    lost: () => log.push('lost'),
  });
  return { log, link, receive: (text: string) => link.receive(Buffer.from(text, 'latin1')) };
}

describe('Link', () => {
  it('acknowledges a whole packet before it hands it on', () => {
    const { log, receive } = bench();
    receive(frame('g'));
    expect(log).to.deep.equal(['+', 'packet g']);
  });

  it('asks again for a damaged packet', () => {
    const { log, receive } = bench();
    receive('$g#00');
    expect(log).to.deep.equal(['-']);
  });

  it('repeats the last answer for every `-` until it is acknowledged', () => {
    const { log, link, receive } = bench();
    link.send('OK');
    receive('--+-');
    expect(log).to.deep.equal([frame('OK'), frame('OK'), frame('OK')]);
  });

  it('repeats nothing once the next packet has come', () => {
    const { log, link, receive } = bench();
    link.send('OK');
    receive(`${frame('g')}-`);
    expect(log).to.deep.equal([frame('OK'), '+', 'packet g']);
  });

  it('neither acknowledges nor repeats in no-ack mode, and tells of a lost packet', () => {
    const { log, link, receive } = bench();
    link.stopAcknowledging();
    link.send('OK');
    receive(`-${frame('g')}$g#00`);
    expect(log).to.deep.equal([frame('OK'), 'packet g', 'lost']);
  });
});
