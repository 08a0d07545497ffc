import { expect } from 'chai';
import { HostError } from '../errors/host-error.js';
import { Scope } from './scope.js';
import { Stage } from './stage.js';

describe('Scope', () => {
  it('undoes last-in first-out and survives a throwing step', async () => {
    const scope = new Scope('disk');
    const order: string[] = [];
    scope.use('first', () => () => void order.push('first'));
    scope.use('broken', () => () => {
      throw new Error('boom');
    });
    scope.use('last', () => () => void order.push('last'));
    const failure = await scope.close().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(HostError).with.property('message').contains('boom');
    expect(order).to.deep.equal(['last', 'first']);
  });

  it('refuses new steps once closed', async () => {
    const scope = new Scope('disk');
    await scope.close();
    expect(() => scope.use('late', () => () => {})).to.throw(HostError, /SCOPE_CLOSED: disk .* "late"/);
  });

  it('undoes a step once, whether asked by hand or by close', async () => {
    const scope = new Scope('disk');
    let undone = 0;
    const dispose = scope.use('step', () => () => void undone++);
    await dispose();
    await dispose();
    await scope.close();
    expect(undone).to.equal(1);
  });

  it('tells what it holds, oldest first', () => {
    const scope = new Scope('disk');
    scope.use('ports', () => () => {});
    scope.use('tap reset', () => () => {});
    expect(scope.held()).to.deep.equal(['ports', 'tap reset']);
  });

  it('runs whenLive at once outside a transaction, and at commit within one', () => {
    const stage = new Stage();
    const order: string[] = [];
    new Scope('plain').whenLive(() => order.push('plain'));
    new Scope('staged', stage).whenLive(() => order.push('staged'));
    order.push('commit');
    stage.commit();
    expect(order).to.deep.equal(['plain', 'commit', 'staged']);
  });

  it('forgets whenLive when its transaction is taken back', () => {
    const stage = new Stage();
    const order: string[] = [];
    new Scope('staged', stage).whenLive(() => order.push('staged'));
    stage.abort();
    stage.commit();
    expect(order).to.deep.equal([]);
  });
});
