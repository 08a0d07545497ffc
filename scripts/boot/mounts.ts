import { HostError } from '../../core/errors/host-error.js';
import { SchemeId } from '../../core/abi/kernel-schemes.js';
import type { KernelService } from '../../plugins/kernel/index.js';
import type { Description } from '../../plugins/kernel/files/description.js';
import { HostScheme } from '../../plugins/kernel/schemes/host/host-scheme.js';
import type { ImageFile } from '../../plugins/services/runtime/boot-image.js';
import type { Mount } from '../cli/options.js';

const nameOf = (index: number) => `host.${index}`;

/** In the image each mount is a link into its scheme. Throws CONFIG where something else is there. */
export function withMountLinks<T extends ImageFile | string>(
  tree: Readonly<Record<string, T>>,
  mounts: readonly Mount[],
): Record<string, T | ImageFile> {
  const links = mounts.map(
    ({ guest }, index) =>
      [guest.replace(/^\/+|\/+$/g, ''), { link: `/scheme/${nameOf(index)}`, mode: 0o777 }] as const,
  );
  for (const [path] of links) refuseTaken(path, Object.keys(tree));
  return { ...tree, ...Object.fromEntries(links) };
}

/** Made by the first script, which minds when one of them is a link. */
const MADE_AT_START = ['tmp/', 'root/', 'home/', 'var/'];

function refuseTaken(path: string, taken: readonly string[]): void {
  const clash = [...taken, ...MADE_AT_START].some(
    (other) => other.replace(/\/$/, '') === path || other.startsWith(`${path}/`),
  );
  if (path !== '' && !clash) return;
  throw new HostError('CONFIG', `--mount: the guest has something at /${path} itself`, 'choose another path');
}

/** Folders of the host as schemes of the kernel. To be called before the first program starts; answers their roots and the undo. */
export function mountFolders(
  { kernel }: KernelService,
  mounts: readonly Mount[],
): { readonly roots: Record<string, Description>; close(): void } {
  const schemes = mounts.map(({ host, readOnly }, index) => {
    const id = SchemeId.FIRST_USER + index;
    const made = open(
      host,
      () =>
        new HostScheme({ id, name: nameOf(index), hostPath: host, readOnly, nowNs: () => kernel.nowNs() }),
    );
    kernel.schemes.set(id, made);
    return made;
  });
  const roots = Object.fromEntries(schemes.map((scheme) => [scheme.name, scheme.root()]));
  return { roots, close: () => schemes.forEach((scheme) => scheme.shutdown()) };
}

function open(host: string, make: () => HostScheme): HostScheme {
  try {
    return make();
  } catch (failure) {
    const cannot = new HostError(
      'CONFIG',
      `cannot show ${host} to the guest`,
      'name a folder or file that you may read',
    );
    throw cannot.because(failure);
  }
}
