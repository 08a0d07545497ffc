import { Field } from '../layout.js';
import type { Need } from './number-checks.js';
import type { FormatName } from './number-ranges.js';
import type { Graph } from './control-flow.js';
import type { RegionBlock, RegionInstruction } from './region.js';
import { ARITHMETIC, COPY } from './float-shortcuts.js';
import { FUSED, ORDERS, PACKED } from './vector-shortcuts.js';

/** What the code from some place on takes numbers in a vector register for. */
export interface NumberNeed {
  readonly register: number;
  readonly format: FormatName;
  readonly bytes: number;
  readonly need: Need;
}

type Needs = ReadonlyMap<number, NumberNeed>;

/**
 * Where a loop wants a register in two formats, what is found may change for ever. Whatever it is, numbers are asked before they are taken for
 * it.
 */
const MOST_ROUNDS = 16;

/**
 * By block, which vector registers hold numbers that the block, or what it leads to, computes with before it writes them: tight ones where
 * something is multiplied, loose ones where they are only added to.
 */
export function numberNeeds(blocks: readonly RegionBlock[], graph: Graph): readonly Needs[] {
  const needs: Needs[] = blocks.map(() => new Map());
  let changed = true;
  for (let round = 0; changed && round < MOST_ROUNDS; round++) {
    changed = false;
    for (let number = blocks.length - 1; number >= 0; number--) {
      const before = joined(graph[number]!.map((next) => needs[next]!));
      for (const instruction of [...blocks[number]!.instructions].reverse()) pass(instruction, before);
      if (isSame(before, needs[number]!)) continue;
      needs[number] = before;
      changed = true;
    }
  }
  return needs;
}

function joined(all: readonly Needs[]): Map<number, NumberNeed> {
  const joint = new Map<number, NumberNeed>();
  for (const needs of all) for (const need of needs.values()) add(joint, need);
  return joint;
}

function add(needs: Map<number, NumberNeed>, need: NumberNeed): void {
  const other = needs.get(need.register);
  if (!other) needs.set(need.register, need);
  else if (other.format === need.format)
    needs.set(need.register, {
      ...need,
      bytes: Math.min(need.bytes, other.bytes),
      need: need.need === 'tight' || other.need === 'tight' ? 'tight' : 'loose',
    });
}

const isSame = (a: Needs, b: Needs): boolean =>
  a.size === b.size &&
  [...a].every(([register, { format, bytes, need }]) => {
    const other = b.get(register);
    return other?.format === format && other.bytes === bytes && other.need === need;
  });

/** From what is needed behind an instruction to what is needed in front of it. */
function pass(instruction: RegionInstruction, needs: Map<number, NumberNeed>): void {
  const { form } = instruction;
  const to = registerIn(instruction, 0);
  if (to === undefined || /COMIS/.test(form.row.name)) return;
  const behind = needs.get(to);
  needs.delete(to);
  if (form.variant !== 'r' || !COPY.test(form.row.name))
    addSources(instruction, behind?.need ?? 'loose', needs);
  else if (behind) add(needs, { ...behind, register: sourcesOf(instruction).at(-1)! });
}

/** What an operation takes numbers for: in sums, for what the sum is needed for. */
function addSources(instruction: RegionInstruction, ofSum: Need, needs: Map<number, NumberNeed>): void {
  const { form } = instruction;
  const { name } = form.row;
  const arithmetic = ARITHMETIC.exec(name) ?? PACKED.exec(name);
  const fused = FUSED.exec(name);
  if (!arithmetic && !fused) return;
  const letters = arithmetic ? arithmetic.slice(2).join('') : fused!.slice(4).join('');
  const format = letters.endsWith('S') ? 'single' : 'double';
  const bytes = letters.startsWith('S') ? (format === 'single' ? 4 : 8) : form.size / 8;
  const isAdded = (i: number) => (fused ? i === ORDERS[fused[3]!]![2] : /ADD|SUB/.test(arithmetic![1]!));
  const firstRead = arithmetic?.[1] === 'SQRT' ? 1 : 0;
  sourcesOf(instruction).forEach((register, i) => {
    if (register !== undefined && i >= firstRead)
      add(needs, { register, format, bytes, need: isAdded(i) ? ofSum : 'tight' });
  });
}

const FIELD = { V: Field.reg, H: Field.vvvv, W: Field.rm, U: Field.rm } as const;

function registerIn({ form, fields }: RegionInstruction, i: number): number | undefined {
  const kind = form.row.operands[i]?.kind as keyof typeof FIELD | undefined;
  if (kind === undefined || FIELD[kind] === undefined) return undefined;
  if (kind === 'W' && form.variant === 'm') return undefined;
  return fields.getUint8(FIELD[kind]) >> 4;
}

/** As meanings count them. */
function sourcesOf(instruction: RegionInstruction): (number | undefined)[] {
  const { row } = instruction.form;
  const first = row.nondestructive ? 1 : 0;
  return [0, 1, 2].slice(0, row.operands.length - first).map((i) => registerIn(instruction, i + first));
}
