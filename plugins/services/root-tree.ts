import { commandLine } from './manifest.js';
import { manifests } from './manifests.js';
import type { ImageFile } from './runtime/boot-image.js';

type Tree = Readonly<Record<string, ImageFile | string>>;

const BASE: Tree = {
  'dev/null': { link: '/scheme/null' },
  'dev/zero': { link: '/scheme/zero' },
  'dev/random': { link: '/scheme/rand' },
  'dev/urandom': { link: '/scheme/rand' },
  bin: { link: 'usr/bin' },
  'etc/hostname': 'halfcell\n',
  'etc/passwd': 'root;;0;0;root;/root;/usr/bin/sh\nuser;;1000;1000;user;/home/user;/usr/bin/sh\n',
  'etc/group': 'root;0;\nuser;1000;\n',
  'etc/profile': 'export PATH=/usr/bin HOME=${HOME:-/root} HOSTNAME=$(hostname)\ncd "$HOME"\n',
  'home/': '',
  'home/user/': '',
  'root/': '',
  'tmp/': { mode: 0o1777 },
  'var/': '',
};

const SCRIPTS: Tree = {
  'usr/lib/init.d/00_base': 'notify logd\nnotify nulld\nnotify zerod\nnotify randd\n',
  'usr/lib/init.d/90_console': 'respawn sh -l\n',
};

/** `/usr/bin`: a file for every program and for each of its commands, which only names it. */
function programs(): Tree {
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

/** What the root file system of the default machine starts with. `more` wins. */
export const rootTree = (more: Tree = {}): Tree => ({ ...BASE, ...SCRIPTS, ...programs(), ...more });
