import { manifest as callbench } from './callbench/manifest.js';
import { manifest as coreutils } from './coreutils/manifest.js';
import { manifest as getty } from './getty/manifest.js';
import { manifest as init } from './init/manifest.js';
import { manifest as logd } from './logd/manifest.js';
import { manifest as nulld } from './nulld/manifest.js';
import { manifest as procmgr } from './procmgr/manifest.js';
import { manifest as ptyd } from './ptyd/manifest.js';
import { manifest as ramfs } from './ramfs/manifest.js';
import { manifest as randd } from './randd/manifest.js';
import { manifest as sh } from './sh/manifest.js';
import { manifest as zerod } from './zerod/manifest.js';
import type { Manifest } from './manifest.js';

/** Every program of the machine; adding one is a folder and a line here. */
export const manifests: ReadonlyMap<string, Manifest> = new Map(
  [procmgr, init, logd, nulld, zerod, randd, ramfs, ptyd, getty, sh, coreutils, callbench].map((manifest) => [
    manifest.name,
    manifest,
  ]),
);
