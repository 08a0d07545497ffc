import { expect } from 'chai';
import { HostError } from '../errors/host-error.js';
import { Claims } from './claims.js';
import { Scope } from './scope.js';
import { Stage } from './stage.js';

const nameClaims = () =>
  new Claims<string, number>({
    overlaps: (a, b) => a === b,
    refuse: (name, held) => new HostError('PROVIDED_TWICE', name, held.scope.name),
  });
const valueOf = (claims: Claims<string, number>, name: string) => claims.find((where) => where === name);

describe('Claims', () => {
  it('refuses a second owner and names the first', () => {
    const claims = nameClaims();
    claims.take(new Scope('first'), 'clock', 1);
    expect(() => claims.take(new Scope('second'), 'clock', 2)).to.throw(
      HostError,
      /already provided by first/,
    );
  });

  it('keeps the predecessor in force until the transaction commits', () => {
    const claims = nameClaims();
    const old = new Scope('plugin');
    claims.take(old, 'clock', 1);
    const stage = new Stage(new Set([old]));
    claims.take(new Scope('plugin', stage), 'clock', 2);
    expect(valueOf(claims, 'clock')).to.equal(1);
    stage.commit();
    expect(valueOf(claims, 'clock')).to.equal(2);
  });

  it('the predecessor letting go does not disturb its successor', () => {
    const claims = nameClaims();
    const old = new Scope('plugin');
    const undo = claims.take(old, 'clock', 1);
    const stage = new Stage(new Set([old]));
    claims.take(new Scope('plugin', stage), 'clock', 2);
    stage.commit();
    void undo();
    expect(valueOf(claims, 'clock')).to.equal(2);
  });

  it('forgets what was reserved when it is given back before the commit', () => {
    const claims = nameClaims();
    const stage = new Stage();
    const undo = claims.take(new Scope('plugin', stage), 'clock', 1);
    void undo();
    stage.commit();
    expect(valueOf(claims, 'clock')).to.equal(undefined);
  });

  it('refuses what another transaction has reserved', () => {
    const claims = nameClaims();
    claims.take(new Scope('first', new Stage()), 'clock', 1);
    expect(() => claims.take(new Scope('second', new Stage()), 'clock', 2)).to.throw(HostError, /by first/);
  });

  it('shows a reservation to its own transaction only', () => {
    const claims = nameClaims();
    const stage = new Stage();
    claims.take(new Scope('provider', stage), 'clock', 1);
    const isClock = (where: string) => where === 'clock';
    expect(claims.find(isClock, new Scope('user', stage))).to.equal(1);
    expect(claims.find(isClock, new Scope('stranger', new Stage()))).to.equal(undefined);
  });
});
