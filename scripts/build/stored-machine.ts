import { serialize } from 'node:v8';
import { generateCode } from '../../core/cpu/index.js';
import { packImage } from '../../plugins/kernel/index.js';
import type { Prebuilt } from '../assets/prebuilt.js';
import { guestAbis } from '../machines/guest-abis.js';

/** Modules of the CPU and the kernel image, as one file. */
export const storedMachine = (): Uint8Array =>
  serialize({ code: generateCode(), image: packImage(guestAbis) } satisfies Prebuilt);
