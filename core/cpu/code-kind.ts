import type { Mode } from '../isa/instruction.js';
import { CodeKind } from './layout.js';

/** Mode of the code of a `CodeKind`. */
export function modeOf(kind: number): Mode {
  if (kind === CodeKind.long) return 64;
  return kind === CodeKind.code32 || kind === CodeKind.checked32 ? 32 : 16;
}

/** Whether its segment has a base or a limit that each fetch has to heed. */
export const isChecked = (kind: number): boolean =>
  kind === CodeKind.checked32 || kind === CodeKind.checked16;
