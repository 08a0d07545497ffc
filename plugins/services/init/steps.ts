import { Errno } from '../../../core/abi/errno.js';
import { decodeWaitStatus } from '../../../core/abi/process-manager.js';
import { program } from '../manifest.js';
import { makeDirectories, removeTree } from '../runtime/file-trees.js';
import { unlessErrno } from '../runtime/posix-error.js';
import type { Manifest } from '../manifest.js';
import type { Os } from '../runtime/os.js';
import type { Step } from './script.js';
import type { Supervisor } from './supervisor.js';

export interface InitWorld {
  readonly os: Os;
  readonly supervisor: Supervisor;
  readonly manifests: ReadonlyMap<string, Manifest>;
}

type Action = (world: InitWorld, step: Step) => void;

const spawn = ({ os }: InitWorld, { words, env }: Step): number =>
  os.spawn(os.which(words[0] ?? ''), { argv: words, env: { ...os.env, ...env } });

function run(world: InitWorld, step: Step): void {
  const ended = world.os.processes.wait(spawn(world, step));
  const outcome = ended && decodeWaitStatus(ended.status);
  if (outcome?.kind === 'exited' && outcome.code !== 0)
    world.os.complain(`${step.words.join(' ')}: status ${outcome.code}`);
}

/** A daemon that the machine was built with gets what its manifest grants; others run as they are. */
function notify({ os, supervisor, manifests }: InitWorld, { words, env }: Step): void {
  const name = (words[0] ?? '').replace(/^.*\//, '');
  const manifest = manifests.get(name);
  if (manifest?.kind === 'daemon') supervisor.startDaemon({ argv: words, env, manifest });
  else os.complain(`${name} is no daemon of this machine`);
}

const respawn: Action = ({ supervisor }, { words, env }) =>
  supervisor.respawn({ argv: words, env, manifest: program(words[0] ?? '', { restart: 'always' }) });

const operands = (words: readonly string[]): string[] => words.filter((word) => !word.startsWith('-'));

export const actions: Readonly<Record<Step['verb'], Action>> = {
  run,
  notify,
  respawn,
  nowait: (world, step) => void spawn(world, step),
  echo: ({ os }, { words }) => {
    os.out.line(words.join(' '));
    os.out.flush();
  },
  export: ({ os }, { words: [name = '', ...value] }) => {
    const pair = /^([^=]+)=(.*)$/s.exec(name);
    if (pair) os.env[pair[1] ?? ''] = [pair[2], ...value].join(' ');
    else os.env[name] = value.join(' ');
  },
  unset: ({ os }, { words }) => words.forEach((name) => delete os.env[name]),
  cd: ({ os }, { words: [path = '/'] }) => void (os.files.cwd = os.files.absolute(path)),
  mkdir: ({ os }, { words }) => operands(words).forEach((path) => makeDirectories(os.files, path)),
  rm: ({ os }, { words }) =>
    operands(words).forEach((path) => unlessErrno(() => removeTree(os.files, path), undefined, Errno.ENOENT)),
};
