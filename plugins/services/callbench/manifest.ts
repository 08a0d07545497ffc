import { program } from '../manifest.js';

export const manifest = program('callbench', { authority: ['file', 'pipe', 'zero'] });
