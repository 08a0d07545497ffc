import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMachine } from './description.js';

describe('a machine description', () => {
  const folder = mkdtempSync(join(tmpdir(), 'halfcell-machine-'));
  const path = join(folder, 'small.toml');
  const read = (text: string) => {
    writeFileSync(path, text);
    return readMachine(path);
  };
  after(() => rmSync(folder, { recursive: true }));

  it('has sensible values for everything it does not say', async () => {
    expect(await read('')).to.deep.equal({
      name: 'small',
      memoryMiB: 256,
      devices: [],
      kernel: { name: 'kernel', plugin: 'kernel', config: {} },
      image: { packages: {}, files: [], users: [], groups: [] },
    });
  });

  it('hands each device its settings, and finds its file beside the description', async () => {
    const { devices } = await read(
      '[devices.com1]\nplugin = "serial16550"\nbase = 0x3f8\nirq = 4\n[devices.mine]\nfile = "./mine.ts"\n',
    );
    expect(devices).to.deep.equal([
      { name: 'com1', plugin: 'serial16550', config: { base: 0x3f8, irq: 4 } },
      { name: 'mine', plugin: 'mine', config: {}, file: join(folder, 'mine.ts') },
    ]);
  });

  it('describes the image as the installer of Redox does', async () => {
    const { image } = await read(`
      [image.packages]
      ion = {}
      pkg = { version = "1.2" }
      [[image.files]]
      path = "/etc"
      directory = true
      [image.users.ada]
      uid = 1001
      [image.groups.sudo]
      members = ["ada"]`);
    expect(image.packages).to.deep.equal({ ion: '', pkg: '1.2' });
    expect(image.files[0]).to.include({ path: '/etc', directory: true, mode: 0o755, data: '' });
    expect(image.users).to.deep.equal([
      { login: 'ada', password: '', name: 'ada', home: '/home/ada', shell: '/bin/ion', uid: 1001 },
    ]);
    expect(image.groups).to.deep.equal([{ name: 'sudo', members: ['ada'] }]);
  });

  it('is refused with file and key when a key is unknown or of the wrong kind', async () => {
    const refusals: [text: string, message: string][] = [
      ['memry = 5', 'memry means nothing here; known are devices, image, kernel, machine, memory_mib, name'],
      ['memory_mib = "much"', 'memory_mib is no whole number; write a number of 0 or more'],
      ['image = 3', 'image is no table; write [image]'],
      ['[[image.files]]\ndata = "x"', 'image.files[0].path is missing; add it'],
      ['[[image.files]]\npath = "etc"', 'image.files[0].path etc is not absolute; write /etc'],
      ['[image.groups.g]\nmembers = [1]', 'image.groups.g.members is no list of texts'],
    ];
    for (const [text, message] of refusals) {
      const error = await read(text).then(undefined, (failure: unknown) => failure as Error);
      expect(error).to.have.property('message').that.includes(`small.toml: ${message}`);
    }
  });

  it('comes with every checkout: the default machine', async () => {
    const { name, image } = await readMachine();
    expect(name).to.equal('default');
    expect(image.users.map(({ login }) => login)).to.deep.equal(['root', 'user']);
  });
});
