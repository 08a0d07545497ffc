import { expect } from 'chai';
import { createBench } from '../../../test/support/bench.js';
import { testsOfEveryDevice } from '../../../test/support/device-check.js';
import { powerOff } from './index.js';

const PM1A = 0x604;
const DEBUG_EXIT = 0xf4;

describe('power-off', () => {
  async function loaded() {
    const bench = createBench();
    await bench.host.load(powerOff, {});
    return bench;
  }

  it('turns the machine off with status 0 when SLP_EN is written with the type of S5', async () => {
    const { ports, poweredOff } = await loaded();
    ports.write(PM1A, 2, 0x2000);
    ports.write8(PM1A + 1, 0x20);
    expect(poweredOff).to.deep.equal([0, 0]);
  });

  it('ignores other sleep types and writes without SLP_EN', async () => {
    const { ports, poweredOff } = await loaded();
    for (const value of [0, 0x0001, 0x3c00, 0x2400]) ports.write(PM1A, 2, value);
    expect(poweredOff).to.deep.equal([]);
  });

  it('says that ACPI mode is on', async () => {
    expect((await loaded()).ports.read(PM1A, 2)).to.equal(1);
  });

  it('ends with twice the value and one when the debug port is written', async () => {
    const { ports, poweredOff } = await loaded();
    ports.write(DEBUG_EXIT, 4, 0x10);
    ports.write8(DEBUG_EXIT, 0);
    expect(poweredOff).to.deep.equal([0x21, 1]);
  });

  it('leaves out what the configuration turns off', async () => {
    const bench = createBench();
    await bench.host.load(powerOff, { debugExit: -1 });
    expect(bench.ports.list().map(({ base }) => base)).to.deep.equal([PM1A]);
  });

  testsOfEveryDevice({
    load: (bench) => bench.host.load(powerOff, {}),
    swap: (bench) => bench.host.swap(powerOff),
    use: (bench) => bench.ports.write(PM1A, 2, 0x2000),
    check: (bench) => expect(bench.poweredOff.length).to.equal(100),
  });
});
