import { serialize } from 'node:v8';
import { generateCode } from '../../core/cpu/index.js';
import { packImage } from '../../plugins/kernel/index.js';
import { splitPrebuilt } from '../assets/prebuilt.js';
import { guestAbis } from '../machines/guest-abis.js';

/** Modules of the CPU and the kernel image, by the file to store them in. */
export function storedMachine(): [file: string, content: Uint8Array][] {
  const files = splitPrebuilt({ code: generateCode(), image: packImage(guestAbis) });
  return Object.entries(files).map(([file, content]) => [file, serialize(content)]);
}
