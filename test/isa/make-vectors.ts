import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Decoder } from '../../core/isa/decoder.js';
import { disassemble } from '../../core/isa/disassemble.js';
import type { ParsedRow } from '../../core/isa/row.js';
import { loadRows } from '../../core/isa/rows/index.js';
import { parseVectors } from '../../core/isa/vectors.js';
import { afterText, beforeText } from './describe-state.js';
import { plainInstance } from './instance.js';
import { nativeCpu, whyNoNativeCpu } from './native/native-cpu.js';
import { OurCpu } from './our-cpu.js';
import { Random } from './random.js';
import { stateChanges } from './simplify.js';
import type { Outcome, TestCase } from './test-case.js';

/** `npm run vectors:isa -- [--rows REGEX] [--seed S]`: appends a line of what the host does for each row without one. */
const FOLDER = fileURLToPath(new URL('../../core/isa/vectors/', import.meta.url));
const CANDIDATES = 60;
const RAM_BYTES = 0x20_0000n;
const { rows, families } = loadRows();
const decoder = new Decoder(rows);
/** Processors differ in the last bits of some functions: a vector then is where they do not. */
const ours = new OurCpu();

interface Candidate {
  readonly testCase: TestCase;
  readonly outcome: Outcome;
}

function main(): void {
  const { values } = parseArgs({ options: { rows: { type: 'string' }, seed: { type: 'string' } } });
  const reason = whyNoNativeCpu();
  if (reason) throw new Error(`vectors:isa ${reason}`);
  const random = new Random(Number(values.seed ?? 1));
  const pattern = new RegExp(values.rows ?? '.');
  const described = describedRows();
  for (const row of rows) {
    if (row.untestable || described.has(row.name) || !pattern.test(row.name)) continue;
    const line = vectorFor(row, random);
    if (line) appendFileSync(fileOf(row), `${line}\n`);
    else console.log(`no vector found for ${row.name}`);
  }
}

const fileOf = (row: ParsedRow) =>
  `${FOLDER}${families.get(row)!.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.vec`;

function describedRows(): Set<string> {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  return new Set(
    files.flatMap((file) => parseVectors(readFileSync(FOLDER + file, 'utf8')).map(({ row }) => row)),
  );
}

function vectorFor(row: ParsedRow, random: Random): string | undefined {
  const cases = Array.from({ length: CANDIDATES }, () => plainInstance(row, random));
  const outcomes = nativeCpu.run(cases);
  const [best] = cases
    .map((testCase, i) => ({ testCase, outcome: outcomes[i]! }))
    .filter((candidate) => isUsable(row, candidate))
    .sort((x, y) => cost(row, x) - cost(row, y));
  return best && line(row, simplest(row, best));
}

function isUsable(row: ParsedRow, { testCase, outcome }: Candidate): boolean {
  const decoded = decoder.decode(testCase.code, 0, testCase.code.length);
  if (typeof decoded === 'string' || decoded.row !== row) return false;
  if (outcome.after.rip >= RAM_BYTES) return false;
  if (!row.approximate) return true;
  const [mine] = ours.run([testCase]);
  return afterText(row, testCase, mine!) === afterText(row, testCase, outcome);
}

/** Readers prefer no fault, no exception flag, something that changes, and few bytes. */
function cost(row: ParsedRow, { testCase, outcome }: Candidate): number {
  const fsw = new DataView(outcome.after.fx.buffer, outcome.after.fx.byteOffset).getUint16(2, true);
  const nothing = afterText(row, testCase, outcome) === '';
  return (outcome.fault ? 1000 : 0) + (fsw & 0x41 ? 300 : 0) + (nothing ? 200 : 0) + testCase.code.length;
}

/** Without everything that does not matter. */
function simplest(row: ParsedRow, { testCase, outcome }: Candidate): Candidate {
  const wanted = afterText(row, testCase, outcome);
  let best = testCase;
  let bestOutcome = outcome;
  const attempt = (changed: TestCase) => {
    const [again] = nativeCpu.run([changed]);
    if (afterText(row, changed, again!) === wanted) [best, bestOutcome] = [changed, again!];
  };
  for (const change of stateChanges()) {
    const { gpr, fx } = best.before;
    const before = { ...best.before, gpr: gpr.slice(), fx: fx.slice() };
    change(before);
    attempt({ ...best, before });
  }
  for (let i = 0; i < 3; i++) {
    const halved = best.memory.map(({ offset, bytes }) => ({
      offset,
      bytes: bytes.subarray(0, bytes.length / 2),
    }));
    attempt({ ...best, memory: halved });
  }
  for (const patch of best.memory)
    attempt({ ...best, memory: best.memory.filter((other) => other !== patch) });
  return { testCase: best, outcome: bestOutcome };
}

function line(row: ParsedRow, { testCase, outcome }: Candidate): string {
  const { code } = testCase;
  const decoded = decoder.decode(code, 0, code.length);
  if (typeof decoded === 'string') throw new Error(`${row.name}: ${decoded}`);
  const bytes = Buffer.from(code).toString('hex').replace(/../g, '$& ').trim();
  const text = disassemble(decoded);
  return [row.name, bytes, text, beforeText(testCase), afterText(row, testCase, outcome)].join(' | ');
}

main();
