import { expect } from 'chai';
import { SliceBorder } from './border.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('SliceBorder', () => {
  it('runs actions at once while no loop runs', () => {
    const border = new SliceBorder();
    let ran = false;
    void border.run(() => void (ran = true));
    expect(ran).to.equal(true);
  });

  it('keeps actions for the loop while one runs, and tells it', async () => {
    const border = new SliceBorder();
    let told = 0;
    border.loopActive = () => true;
    border.onWaiting = () => void told++;
    const done = border.run(() => 7);
    expect([told, border.busy]).to.deep.equal([1, true]);
    void border.drain();
    expect(await done).to.equal(7);
    expect(border.busy).to.equal(false);
  });

  it('runs one action after the other, however long each takes', async () => {
    const border = new SliceBorder();
    const order: string[] = [];
    const slow = border.run(async () => {
      await tick();
      order.push('slow');
    });
    const quick = border.run(() => void order.push('quick'));
    await Promise.all([slow, quick]);
    expect(order).to.deep.equal(['slow', 'quick']);
  });

  it('runs an action at once when another one asks for it', async () => {
    const border = new SliceBorder();
    const result = await border.run(async () => {
      await tick();
      return border.run(() => 'inner');
    });
    expect(result).to.equal('inner');
  });

  it('does not take what an action left behind for part of it', async () => {
    const border = new SliceBorder();
    let later: Promise<unknown> = Promise.resolve();
    await border.run(() => void (later = tick().then(() => border.run(() => 'later'))));
    border.loopActive = () => true;
    await tick();
    expect(border.busy).to.equal(true);
    void border.drain();
    expect(await later).to.equal('later');
  });

  it('never runs an action inside a slice', () => {
    const border = new SliceBorder();
    let ran = false;
    border.slice(() => void border.run(() => void (ran = true)));
    expect(ran).to.equal(false);
    void border.drain();
    expect(ran).to.equal(true);
  });

  it('hands a failure to the one who asked, and goes on', async () => {
    const border = new SliceBorder();
    const failed = border.run(() => {
      throw new Error('bad');
    });
    const next = border.run(() => 'next');
    expect(await failed.catch((error: Error) => error.message)).to.equal('bad');
    expect(await next).to.equal('next');
  });
});
