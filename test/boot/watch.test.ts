import { expect } from 'chai';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { halfcell } from './command-line.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lamp = (start: string) => `import { definePlugin } from 'halfcell';
export const lamp = definePlugin({ name: 'lamp', needs: ['ports'], start({ scope, use }, { base }: { base: number }) { ${start} } });
`;
const CLAIM =
  'scope.use("port", () => use.ports.claim(base, 1, { read8: () => 1, write8: () => undefined })); return {};';

describe('halfcell boot --watch', function () {
  this.timeout(110_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watch-'));
    const description = await readFile(join(root, 'scripts/machines/default.toml'), 'utf8');
    const own = '[devices.lamp]\nfile = "./lamp.ts"\nbase = 0x300\n\n[kernel]';
    await writeFile(join(folder, 'machine.toml'), description.replace('[kernel]', own));
    await writeFile(join(folder, 'lamp.ts'), lamp(CLAIM));
  });
  after(() => rm(folder, { recursive: true }));

  it('exchanges a device of the user and a service when their files are saved, and goes on when that fails', async () => {
    const { child, ended, until, untilError } = halfcell(
      ['boot', '--watch', '--machine', join(folder, 'machine.toml')],
      'open',
    );
    await until(/# /);
    await writeFile(join(folder, 'lamp.ts'), lamp(`void 1; ${CLAIM}`));
    await untilError(/^halfcell: lamp swapped$/m);
    await writeFile(join(folder, 'lamp.ts'), lamp('throw new Error("the bulb is broken");'));
    await untilError(/^halfcell: .*the bulb is broken/m);
    await writeFile(join(folder, 'lamp.ts'), 'let let');
    await untilError(/^halfcell: .*lamp\.ts:1/m);
    // Another time, and yet older than what is built: other tests look whether that is up to date.
    const source = join(root, 'plugins/services/zerod/main.ts');
    const { atime, mtimeMs } = await stat(source);
    await utimes(source, atime, new Date(mtimeMs + 1));
    await untilError(/^halfcell: zerod swapped$/m);
    child.stdin?.end('head -c 3 /dev/zero | wc -c; exit 4\n');
    const { status, out } = await ended;
    expect(status).to.equal(4);
    expect(out).to.match(/^(.*# )?3\r$/m);
  });
});
