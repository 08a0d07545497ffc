import { existsSync, statSync } from 'node:fs';
import { isAbsolute, posix, resolve } from 'node:path';
import { RAM } from '../../core/cpu/layout.js';
import { CPU_MODELS } from '../../core/cpu/model.js';
import type { CpuModel } from '../../core/cpu/model.js';
import { HostError } from '../../core/errors/host-error.js';
import type { AbiName, GdbOptions, Mount, Tier } from './options.js';

const MAX_PORT = 65535;
/** One WebAssembly memory holds 4 GiB: the machine's, and what the CPU keeps beside it. */
const MAX_MEMORY_MIB = Math.floor((2 ** 32 - RAM) / 2 ** 20);

function mistake(what: string, remedy: string): never {
  throw new HostError('CONFIG', what, remedy);
}

/** The values of options. Each throws CONFIG, naming the value and what would be right. */
export const values = {
  port: (text: string): number => wholeNumber(text, { option: '--gdb', min: 0, max: MAX_PORT }),

  memoryMiB: (text: string): number =>
    wholeNumber(text, { option: '--memory', min: 16, max: MAX_MEMORY_MIB }),

  seconds(text: string): number {
    const seconds = Number(text);
    if (text.trim() !== '' && seconds > 0 && Number.isFinite(seconds)) return seconds;
    return mistake(`--timeout ${text} is no time`, 'give a number of seconds above 0');
  },

  cpu(text: string): CpuModel {
    const model = CPU_MODELS.find((name) => name === text);
    return model ?? mistake(`there is no processor ${text}`, `use one of ${CPU_MODELS.join(', ')}`);
  },

  tier(text: string): Tier {
    if (text === '1' || text === '2') return Number(text) as Tier;
    return mistake(`there is no tier ${text}`, 'use 1 or 2');
  },

  abi(text: string): AbiName {
    if (text === 'linux' || text === 'redox') return text;
    return mistake(`there is no ABI ${text}`, 'use linux or redox');
  },

  mount(text: string, before: readonly Mount[] = []): Mount[] {
    const [host = '', guest = '', ...flags] = text.split(':');
    const flag = flags.join(':');
    if (host === '' || guest === '' || (flags.length > 0 && flag !== 'ro')) {
      mistake(`--mount ${text} is no mount`, 'write HOST:GUEST or HOST:GUEST:ro');
    }
    if (!isAbsolute(guest)) mistake(`--mount ${text}: ${guest} is not absolute`, `write /${guest}`);
    if (!existsSync(host))
      mistake(`--mount ${text}: there is no ${host} on the host`, 'name a folder or file');
    return [...before, { host: resolve(host), guest: posix.normalize(guest), readOnly: flag === 'ro' }];
  },

  environment(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
    const at = text.indexOf('=');
    if (at <= 0) mistake(`--env ${text} sets nothing`, 'write NAME=VALUE');
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  },

  folder(text: string): string {
    if (isAbsolute(text)) return posix.normalize(text);
    return mistake(`--cwd ${text} is not absolute`, `write /${text}`);
  },

  file(path: string): string {
    const file = statSync(path, { throwIfNoEntry: false });
    if (!file) mistake(`there is no file ${path}`, 'check the path');
    if (!file.isFile()) mistake(`${path} is not a file`, 'name a file');
    return resolve(path);
  },

  gdb(port: number | undefined, wait: boolean | undefined): GdbOptions | undefined {
    if (port !== undefined) return { port, wait: wait ?? false };
    return wait ? mistake('--wait waits for a debugger, but none can connect', 'add --gdb PORT') : undefined;
  },
};

function wholeNumber(
  text: string,
  { option, min, max }: { option: string; min: number; max: number },
): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  return mistake(`${option} ${text} is out of range`, `give a whole number from ${min} to ${max}`);
}
