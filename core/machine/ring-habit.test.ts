import { expect } from 'chai';
import { RingHabit } from './ring-habit.js';

function after(...gapsMs: number[]): RingHabit {
  const habit = new RingHabit();
  for (const gap of gapsMs) habit.learn(gap);
  return habit;
}
const times = (count: number, gapMs: number) => Array.from({ length: count }, () => gapMs);

describe('the habit of doorbells', () => {
  it('is not quick before anything rang', () => {
    expect(after()).to.include({ isQuick: false, lookOutMs: 0 });
  });

  it('is quick after a few rings that came soon', () => {
    expect(after(...times(5, 0.02)).isQuick).to.equal(true);
  });

  it('makes looking out worth it only where rings come within the time that waking takes', () => {
    expect(after(...times(20, 0.02)).lookOutMs).to.be.above(0);
    expect(after(...times(20, 0.1))).to.include({ isQuick: true, lookOutMs: 0 });
  });

  it('is forgotten after a few rests without a ring', () => {
    expect(after(...times(20, 0.02), ...times(4, Infinity)).isQuick).to.equal(false);
  });
});
