import { interruptVectors } from './data.js';
import { entryAssembly } from './entry.asm.js';
import { exceptionAssembly } from './exceptions.asm.js';
import { Hypercall } from './layout.js';
import { padAssembly } from './pad.asm.js';
import { switchingAssembly } from './switching.asm.js';
import type { SourceText } from './assembler/source.js';

export interface Pad {
  readonly name: string;
  /** Where its TypeScript handler stands, relative to the project root. */
  readonly file: string;
  readonly line: number;
  /** Names of its arguments, at most six; without them `arg0` to `arg5`. */
  readonly parameters?: readonly string[];
}

const FOLDER = 'plugins/kernel/image';

/** Each text starts at line 1 of its file, so its lines are true in a bundle too. */
const PARTS: readonly SourceText[] = [
  { file: `${FOLDER}/entry.asm.ts`, text: entryAssembly, firstLine: 1 },
  { file: `${FOLDER}/exceptions.asm.ts`, text: exceptionAssembly, firstLine: 1 },
  { file: `${FOLDER}/switching.asm.ts`, text: switchingAssembly, firstLine: 1 },
  { file: `${FOLDER}/pad.asm.ts`, text: padAssembly, firstLine: 1 },
];

/** The name of the compile unit. */
export const UNIT_FILE = `${FOLDER}/entry.asm.ts`;

/** The whole code of an image, in the order in which it lies in memory. */
export const imageSource = (pads: readonly Pad[]): SourceText[] => [
  ...PARTS,
  {
    file: UNIT_FILE,
    text: [...interruptVectors.map(vectorLine), ...pads.map(padLine)].join('\n'),
    firstLine: 1,
  },
];

const vectorLine = (vector: number) => `interrupt_vector irq_${vector}, ${vector}`;

const padLine = (pad: Pad, index: number) =>
  `.origin "${pad.file}" ${pad.line}\npad ${pad.name}, ${Hypercall.pad + index}`;
