import { expect } from 'chai';
import { loadRows } from '../../core/isa/rows/index.js';
import { isOnHost } from './native/host-features.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import type { Disagreement } from './opcode-audit.js';
import { disagreements, opcodeCases } from './opcode-audit.js';

const PREFIXES = [[], [0x66], [0xf2], [0xf3], [0x66, 0xf3], [0xf0]];
/** Each n-th encoding: n has no divisor in common with the eight values of ModRM.reg and the two of REX.W. */
const STRIDE = 37;
/** What gates, kernels and hypervisors decide. */
const ENVIRONMENT = /^(INT1|INT3|VMCALL|SLDT|STR|SGDT|SIDT|SMSW)/;

const { rows, families } = loadRows();

function matters({ row, ours }: Disagreement): boolean {
  const found = rows.find(({ name }) => name === row);
  if (!found) return ours !== 'exception 6';
  return !ENVIRONMENT.test(found.name) && isOnHost(found, families.get(found)!);
}

describe('opcodes of the legacy maps', function () {
  this.timeout(120_000);
  it('are the same instructions, of the same length, as on the host processor', function () {
    const reason = whyNoNativeCpu();
    if (reason) {
      this.test!.title += ` (${reason})`;
      this.skip();
    }
    const cases = PREFIXES.flatMap(opcodeCases).filter((_, i) => i % STRIDE === 0);
    expect(disagreements(cases).filter(matters)).to.deep.equal([]);
  });
});
