import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CpuState, CpuUnderTest, Outcome, Patch, TestCase } from '../test-case.js';
import { faultOf, FX_BYTES } from '../test-case.js';

const SOURCE = fileURLToPath(new URL('harness.c', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache/isa/', import.meta.url));
const BINARY = `${CACHE}harness`;
const GCC_OPTIONS = ['-O1', '-Wall', '-fno-stack-protector', '-fcf-protection=none', '-mfsgsbase'];

const STATE_BYTES = 20 * 8 + FX_BYTES;
const REQUEST_BYTES = 8 + STATE_BYTES;
const REPLY_BYTES = 16 + STATE_BYTES;
const PATCH_BYTES = 4;
/** Marks the code offset of a case that starts in 32-bit code. */
const IN_32_BIT_CODE = 0x8000_0000;
const COMPLETED = 255;
const CASES_PER_RUN = 4000;
const MAX_REPLY_BYTES = 1 << 28;
const TIMEOUT_MS = 20_000;

/** Why this host cannot execute the cases, or undefined when it can. */
export function whyNoNativeCpu(): string | undefined {
  if (platform !== 'linux' || arch !== 'x64') return 'needs an x86-64 Linux host';
  if (spawnSync('gcc', ['--version']).status !== 0) return 'needs gcc';
  build();
  return spawnSync(BINARY, { input: '' }).status === 0 ? undefined : 'needs a kernel with fsgsbase';
}

function build(): void {
  if (existsSync(BINARY) && statSync(BINARY).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(CACHE, { recursive: true });
  execFileSync('gcc', [...GCC_OPTIONS, '-o', BINARY, SOURCE]);
}

/** The host's processor, one process for each few thousand cases. */
export const nativeCpu: CpuUnderTest = {
  run(cases) {
    const outcomes: Outcome[] = [];
    for (let at = 0; at < cases.length; at += CASES_PER_RUN) {
      outcomes.push(...runBatch(cases.slice(at, at + CASES_PER_RUN)));
    }
    return outcomes;
  },
};

function runBatch(cases: readonly TestCase[]): Outcome[] {
  const input = Buffer.concat(cases.flatMap(request));
  const { status, signal, stdout } = spawnSync(BINARY, {
    input,
    maxBuffer: MAX_REPLY_BYTES,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const replies = readReplies(stdout);
  if (status === 0 && replies.length === cases.length) return replies;
  const last = cases[replies.length]?.code ?? new Uint8Array();
  throw new Error(`native harness: ${signal ?? status} at ${Buffer.from(last).toString('hex')}`);
}

function request(testCase: TestCase): Uint8Array[] {
  const head = Buffer.alloc(REQUEST_BYTES);
  head.writeUInt16LE(testCase.memory.length, 0);
  head.writeUInt16LE(testCase.code.length, 2);
  head.writeUInt32LE(placeWord(testCase), 4);
  writeState(head.subarray(8), testCase.before);
  return [
    head,
    testCase.code,
    ...testCase.memory.flatMap(({ offset, bytes }) => [patchHead(offset, bytes), bytes]),
  ];
}

/** Offset of the code in bits 0..15, then the entries for ES and SS plus one, and the mode. */
function placeWord({ codeOffset, mode, segments }: TestCase): number {
  const es = segments?.es ? (segments.es.entry + 1) << 16 : 0;
  const ss = segments?.ss ? (segments.ss.entry + 1) << 20 : 0;
  return codeOffset + es + ss + (mode === 32 ? IN_32_BIT_CODE : 0);
}

function patchHead(offset: number, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Uint16Array.of(offset, bytes.length).buffer);
}

function writeState(into: Buffer, state: CpuState): void {
  into.set(new Uint8Array(state.gpr.buffer, state.gpr.byteOffset, 128));
  into.writeBigUInt64LE(state.rip, 128);
  into.writeBigUInt64LE(state.rflags, 136);
  into.writeBigUInt64LE(state.fsBase, 144);
  into.writeBigUInt64LE(state.gsBase, 152);
  into.set(state.fx, 160);
}

function readState(from: Buffer): CpuState {
  const copy = new Uint8Array(from.subarray(0, STATE_BYTES));
  return {
    gpr: new BigUint64Array(copy.buffer, 0, 16),
    rip: from.readBigUInt64LE(128),
    rflags: from.readBigUInt64LE(136),
    fsBase: from.readBigUInt64LE(144),
    gsBase: from.readBigUInt64LE(152),
    fx: copy.subarray(160),
  };
}

function readReplies(stdout: Buffer): Outcome[] {
  const outcomes: Outcome[] = [];
  for (let at = 0; at + REPLY_BYTES <= stdout.length;) {
    const changes = readChanges(stdout, at + REPLY_BYTES, stdout.readUInt16LE(at + 2));
    outcomes.push(readReply(stdout.subarray(at, at + REPLY_BYTES), changes.patches));
    at = changes.end;
  }
  return outcomes;
}

function readReply(reply: Buffer, changes: Patch[]): Outcome {
  const vector = reply.readUInt8(0);
  const fault = faultOf(vector, reply.readUInt32LE(4), reply.readBigUInt64LE(8));
  return { fault: vector === COMPLETED ? undefined : fault, after: readState(reply.subarray(16)), changes };
}

function readChanges(from: Buffer, start: number, count: number): { patches: Patch[]; end: number } {
  let at = start;
  const patches = Array.from({ length: count }, () => {
    const end = at + PATCH_BYTES + from.readUInt16LE(at + 2);
    const patch = {
      offset: from.readUInt16LE(at),
      bytes: new Uint8Array(from.subarray(at + PATCH_BYTES, end)),
    };
    at = end;
    return patch;
  });
  return { patches, end: at };
}
