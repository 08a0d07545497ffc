import { expect } from 'chai';
import { Errno } from '../../../../core/abi/errno.js';
import { Description } from '../../files/description.js';
import type { Provider } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { InFlight, MOST_IN_FLIGHT } from './in-flight.js';
import { SocketType, UnixSocket } from './unix-socket.js';

const kernel = { waits: { wake: () => undefined }, events: { forget: () => undefined } } as unknown as Kernel;
const owner = { pid: 1, uid: 0, gid: 0 };

function createWorld() {
  const inFlight = new InFlight(kernel);
  let next = 0;
  const pair = () => {
    const create = () => new UnixSocket(kernel, SocketType.STREAM, next++, owner, inFlight);
    const [left, right] = [create(), create()];
    left.pair(right);
    return { left, right };
  };
  /** A descriptor of a socket, which closes it when the last reference goes. */
  const fileOf = (socket: UnixSocket) => {
    const provider: Provider = { id: 0, name: 'test', close: () => socket.close() };
    return new Description(provider, socket.id, 0, false);
  };
  const send = (from: UnixSocket, files: readonly Description[]) =>
    from.send({ bytes: Uint8Array.of(1), from: '', files, credentials: owner });
  return { inFlight, pair, fileOf, send };
}

describe('descriptors in flight', () => {
  it('are limited, whether or not anybody can still receive them', () => {
    const { inFlight, pair, fileOf, send } = createWorld();
    for (let i = 0; i < MOST_IN_FLIGHT; i++) {
      const { left, right } = pair();
      send(left, [fileOf(right)]);
      left.close();
    }
    const { left, right } = pair();
    expect(send(left, [fileOf(right)])).to.equal(-Errno.ETOOMANYREFS);
    expect([send(left, []), inFlight.count]).to.deep.equal([1, MOST_IN_FLIGHT]);
  });

  it('no longer count when they are received, or dropped with the socket', () => {
    const { inFlight, pair, fileOf, send } = createWorld();
    const { left, right } = pair();
    send(left, [fileOf(pair().left)]);
    send(left, [fileOf(pair().left)]);
    send(left, [fileOf(pair().left)]);
    right.receive({ limit: 1, peek: true });
    expect(inFlight.count).to.equal(3);
    right.receive({ limit: 1, peek: false });
    expect(inFlight.count).to.equal(2);
    right.close();
    expect(inFlight.count).to.equal(0);
  });

  it('are let go of one after the other, however deep sockets carry sockets', () => {
    const { inFlight, pair, send } = createWorld();
    const depthAt: number[] = [];
    let inner = pair();
    let depth = 0;
    for (let i = 0; i < MOST_IN_FLIGHT; i++) {
      const outer = pair();
      const socket = inner.right;
      const provider: Provider = {
        id: 0,
        name: 'test',
        close() {
          depthAt.push(++depth);
          socket.close();
          depth--;
        },
      };
      send(outer.left, [new Description(provider, i, 0, false)]);
      inner = outer;
    }
    inner.right.close();
    expect([inFlight.count, depthAt.length, Math.max(...depthAt)]).to.deep.equal([0, MOST_IN_FLIGHT, 1]);
  });
});
