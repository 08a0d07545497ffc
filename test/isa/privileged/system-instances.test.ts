import { expect } from 'chai';
import { LEFT_OUT, SystemFuzzer, systemLine, systemRows } from './system-fuzz.js';
import { OurSystem, QemuSystem, whyNoQemu, whyNotThisQemu } from './system-under-test.js';

const SEED = 2026;
const PER_ROW = 20;

describe('random instances of rows of the system', function () {
  this.timeout(120_000);

  it('agree with QEMU in registers, tables, memory and faults, in rings 0 and 3', async function () {
    const reason = whyNoQemu() ?? whyNotThisQemu();
    if (reason) {
      this.test!.title += ` (${reason})`;
      this.skip();
    }
    const qemu = new QemuSystem();
    try {
      const { mismatches } = await new SystemFuzzer(qemu, new OurSystem(), systemRows(), SEED).run(PER_ROW);
      expect(mismatches.map(systemLine)).eql([]);
    } finally {
      await qemu.close();
    }
  });

  it('are of every row but those that are listed with a reason', () => {
    const listed = LEFT_OUT.map(([, reason]) => reason);
    expect(listed.every((reason) => reason.length > 0)).equal(true);
    expect(systemRows().length).above(80);
  });
});
