import { expect } from 'chai';
import { Errno } from '../../core/abi/errno.js';
import type { AddressSpace } from '../../plugins/kernel/memory/address-space.js';
import type { Grant } from '../../plugins/kernel/memory/grant.js';
import { KernelBench } from './kernel-bench.js';

const READ = { write: false, execute: false };
const WRITE = { write: true, execute: false };
const PAGE = 4096;
const BASE = 0x40_0000;

describe('an address space', () => {
  let bench: KernelBench;
  let space: AddressSpace;
  before(async () => void (bench = await KernelBench.create()));
  beforeEach(() => void (space = bench.kernel.createSpace()));
  afterEach(() => space.release());
  after(() => bench.close());

  const grant = (pages: number, more: Partial<Grant> = {}): Grant => ({
    start: BASE,
    end: BASE + pages * PAGE,
    read: true,
    write: true,
    execute: false,
    backing: { kind: 'anonymous' },
    ...more,
  });
  const store = (target: AddressSpace, at: number, byte: number) => {
    expect(target.fault(at, WRITE)).to.equal(0);
    bench.kernel.memory.write8(bench.kernel.memory.translateUser(at, target.table.root, true), byte);
  };
  const load = (target: AddressSpace, at: number) => {
    expect(target.fault(at, READ)).to.equal(0);
    return bench.kernel.memory.read8(bench.kernel.memory.translateUser(at, target.table.root, false));
  };

  it('faults outside of every grant', () => expect(space.fault(BASE, READ)).to.equal(Errno.EFAULT));

  it('shows zeroes before the first write, without a frame of its own', () => {
    space.insert(grant(4));
    const used = bench.kernel.frames.usedFrames;
    expect(load(space, BASE + PAGE)).to.equal(0);
    store(space, BASE + PAGE, 7);
    expect(load(space, BASE + PAGE)).to.equal(7);
    expect(bench.kernel.frames.usedFrames).to.be.at.most(used + 4);
  });

  it('refuses a write to a read-only grant and an instruction fetch without the right', () => {
    space.insert(grant(1, { write: false }));
    expect(space.fault(BASE, WRITE)).to.equal(Errno.EFAULT);
    expect(space.fault(BASE, { write: false, execute: true })).to.equal(Errno.EFAULT);
  });

  it('is copied page by page after a fork, whichever side writes', () => {
    space.insert(grant(2));
    store(space, BASE, 1);
    const child = space.fork();
    store(child, BASE, 2);
    store(space, BASE + PAGE, 3);
    expect([
      load(space, BASE),
      load(child, BASE),
      load(space, BASE + PAGE),
      load(child, BASE + PAGE),
    ]).to.deep.equal([1, 2, 3, 0]);
    child.release();
    expect(load(space, BASE)).to.equal(1);
  });

  it('shares pages of an object, in both directions and after a fork', () => {
    const object = bench.kernel.createObject(PAGE);
    space.insert(grant(1, { backing: { kind: 'object', object, offset: 0, shared: true } }));
    const child = space.fork();
    store(child, BASE, 9);
    expect(load(space, BASE)).to.equal(9);
    object.write(1, Uint8Array.of(8));
    expect(load(child, BASE + 1)).to.equal(8);
    child.release();
  });

  it('copies a private page of an object on the first write, and leaves the object alone', () => {
    const object = bench.kernel.createObject();
    object.write(0, Uint8Array.of(5));
    space.insert(grant(1, { backing: { kind: 'object', object, offset: 0, shared: false } }));
    expect(load(space, BASE)).to.equal(5);
    store(space, BASE, 6);
    expect([load(space, BASE), object.read(0, 1)[0]]).to.deep.equal([6, 5]);
  });

  it('keeps the content of a page that PROT_NONE hides', () => {
    space.insert(grant(1));
    store(space, BASE, 4);
    space.protect(BASE, BASE + PAGE, { read: false, write: false, execute: false });
    expect(space.fault(BASE, READ)).to.equal(Errno.EFAULT);
    space.protect(BASE, BASE + PAGE, { read: true, write: true, execute: false });
    expect(load(space, BASE)).to.equal(4);
  });

  it('splits a grant where a part is unmapped or protected', () => {
    space.insert(grant(5));
    space.unmap(BASE + PAGE, BASE + 2 * PAGE);
    space.protect(BASE + 3 * PAGE, BASE + 4 * PAGE, { read: true, write: false, execute: false });
    expect(
      space.grants.map(({ start, end, write }) => [(start - BASE) / PAGE, (end - BASE) / PAGE, write]),
    ).to.deep.equal([
      [0, 1, true],
      [2, 3, true],
      [3, 4, false],
      [4, 5, true],
    ]);
  });

  it('takes the smallest hole that fits, at its low end', () => {
    space.insert(grant(1));
    space.insert({ ...grant(1), start: BASE + 3 * PAGE, end: BASE + 4 * PAGE });
    expect(space.findHole(2 * PAGE)).to.equal(BASE + PAGE);
  });

  it('gives every frame back when it goes', () => {
    const before = bench.kernel.frames.usedFrames;
    const other = bench.kernel.createSpace();
    other.insert(grant(64));
    for (let page = 0; page < 64; page++) store(other, BASE + page * PAGE, page);
    const child = other.fork();
    for (let page = 0; page < 32; page++) store(child, BASE + page * PAGE, 1);
    child.release();
    other.release();
    expect(bench.kernel.frames.usedFrames).to.equal(before);
  });
});
