import { expect } from 'chai';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNative, nativeBinaries, toolchain, toolchainFile } from './native.js';

describe('native programs', () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), 'native-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  it('are, byte for byte, what their sources compile to', async function () {
    const [here, used] = await Promise.all([toolchain(), readFile(toolchainFile(), 'utf8')]);
    if (here !== used) this.test!.title += ` (needs ${used.trim().replace('\n', ' and ')})`;
    if (here !== used) this.skip();
    const names = await buildNative(folder);
    expect((await readdir(nativeBinaries())).sort()).to.deep.equal(names);
    for (const name of names) {
      const [built, kept] = await Promise.all(
        [folder, nativeBinaries()].map((place) => readFile(join(place, name))),
      );
      expect(built!.equals(kept!), name).to.equal(true);
    }
  });

  it('are small static x86-64 ELF files', async () => {
    for (const name of await readdir(nativeBinaries())) {
      const bytes = await readFile(join(nativeBinaries(), name));
      expect(bytes.subarray(0, 6).toString('latin1'), name).to.equal('\x7fELF\x02\x01');
      expect(bytes.readUInt16LE(18), name).to.equal(62);
      expect(bytes.length, name).to.be.below(32_768);
    }
  });
});
