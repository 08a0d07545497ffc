import { writeFileSync } from 'node:fs';
import { loadRows } from '../../core/isa/rows/index.js';
import { instructionPage } from './instruction-page.js';

/** `npm run docs:instructions` */
const PAGE = new URL('../../docs/instructions.md', import.meta.url);

writeFileSync(PAGE, instructionPage(loadRows()));
