import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../../core/errors/host-error.js';
import { isBuilt, packageRoot } from '../assets/package-root.js';
import { commandLine } from '../../plugins/services/manifest.js';
import { manifests } from '../../plugins/services/manifests.js';
import { buildBootImage } from '../../plugins/services/runtime/boot-image.js';
import type { ImageFile } from '../../plugins/services/runtime/boot-image.js';
import type { Mount } from '../cli/options.js';
import { withMountLinks } from './mounts.js';
import type { ImageDescription, ImageUser } from '../machines/description.js';

type Tree = Record<string, ImageFile | string>;

const FIRST_USER_ID = 1000;
const CONSOLE_SHELL = 'notify ptyd\nrespawn getty /scheme/debug';

/** What every image holds, before a description adds to it. */
const BASE: Tree = {
  'usr/lib/init.d/00_base':
    'notify logd\nnotify nulld\nnotify zerod\nnotify randd\nmkdir /tmp /root /home /var\n',
  bin: { link: '/usr/bin', mode: 0o777 },
  'dev/null': { link: '/scheme/null' },
  'dev/zero': { link: '/scheme/zero' },
  'dev/random': { link: '/scheme/rand' },
  'dev/urandom': { link: '/scheme/rand' },
};

/** A shell on the console, where nobody has given a command to run instead. */
const CONSOLE: Tree = {
  'usr/lib/init.d/90_console': `echo The root file system lives in memory: it will be lost at shutdown.\n${CONSOLE_SHELL}\n`,
};

/** The tar archive that becomes the root file system. `quiet`: nothing but a command's own output shall appear. */
export async function buildImage(
  image: ImageDescription,
  quiet: boolean,
  mounts: readonly Mount[],
): Promise<Uint8Array> {
  const tree = {
    ...BASE,
    ...(quiet ? {} : CONSOLE),
    ...isolatePrograms(),
    ...(await nativePrograms(Object.keys(image.packages))),
    ...filesOf(image, false),
    ...accounts(image.users),
    ...filesOf(image, true),
  };
  return buildBootImage(withMountLinks(tree, mounts));
}

/** One line that names the program: the machine brings its code. */
function isolatePrograms(): Tree {
  const names = [...manifests.values()].flatMap((manifest) =>
    [manifest.name, ...(manifest.commands ?? [])].map((command) => [command, manifest] as const),
  );
  return Object.fromEntries(
    names.map(([command, manifest]) => [
      `usr/bin/${command}`,
      { content: commandLine(manifest), mode: 0o755 },
    ]),
  );
}

const prebuiltFolder = () => join(packageRoot(), isBuilt() ? 'dist/prebuilt' : 'prebuilt');

/** A package is one program of `prebuilt/bin`. Throws CONFIG for one that is not there. */
async function nativePrograms(packages: readonly string[]): Promise<Tree> {
  const folder = join(prebuiltFolder(), 'bin');
  const known = await readdir(folder);
  const unknown = packages.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new HostError(
      'CONFIG',
      `image.packages: there is no package ${unknown}`,
      `use some of ${known.sort().join(', ')}`,
    );
  }
  const programs = packages.map(async (name) => {
    const content = new Uint8Array(await readFile(join(folder, name)));
    return [`usr/bin/${name}`, { content, mode: 0o755 }] as const;
  });
  return Object.fromEntries(await Promise.all(programs));
}

function filesOf({ files }: ImageDescription, postinstall: boolean): Tree {
  const tree: Tree = {};
  for (const file of files.filter((candidate) => candidate.postinstall === postinstall)) {
    const path = file.path.replace(/^\/+/, '');
    if (file.directory) tree[`${path}/`] = { mode: file.mode };
    else if (file.symlink) tree[path] = { link: file.data };
    else tree[path] = { content: file.data, mode: file.mode };
  }
  return tree;
}

/** The account database as Redox keeps it: fields between semicolons. */
function accounts(users: readonly ImageUser[]): Tree {
  let next = FIRST_USER_ID;
  const rows = users.map((user) => {
    const uid = user.uid ?? next++;
    return { ...user, uid, gid: user.gid ?? uid };
  });
  const passwd = rows.map(({ login, uid, gid, name, home, shell }) =>
    [login, uid, gid, name, home, shell].join(';'),
  );
  const group = rows.map(({ login, gid }) => [login, 'x', gid, login].join(';'));
  const homes = rows.map(({ home }) => [`${home.replace(/^\/+/, '')}/`, { mode: 0o755 }] as const);
  return {
    'etc/passwd': `${passwd.join('\n')}\n`,
    'etc/group': `${group.join('\n')}\n`,
    ...Object.fromEntries(homes),
  };
}
