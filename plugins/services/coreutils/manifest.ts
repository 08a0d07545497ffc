import { program } from '../manifest.js';
import { commandNames } from './names.js';

export const manifest = program('coreutils', { commands: commandNames });
