import { OurCpu } from './our-cpu.js';
import { emptyState, DATA, HIGH } from './test-case.js';
import { testableRows } from './fuzz.js';
import { randomInstance } from './instance.js';
import { Random } from './random.js';
const c = new OurCpu();
const mk = (h: string, ftw: number, off = 0xffdn, base = DATA) => {
  const before = emptyState();
  before.gpr[0] = base + off;
  before.fx[4] = ftw;
  return { code: Buffer.from(h, 'hex'), codeOffset: 0, before, memory: [] };
};
const bad = () => {
  const t = mk('40dd1425fd0f0900', 0, 0n);
  return c.run([{ ...t, codeOffset: 0x100 }])[0]!.changes.length === 1 ? 2 : 0;
};
console.log(bad());
const random = new Random(1);
const rows = testableRows(/^F[A-Z0-9]+(_|$)/);
for (let i = 0; i < 5000; i++) {
  const row = rows[i % rows.length]!;
  const t = randomInstance(row, random);
  c.run([t]);
  if (bad() !== 2) {
    console.log(i, row.name, Buffer.from(t.code).toString('hex'), t.codeOffset);
    console.log(
      bad(),
      c.run([mk('d910', 0, 0xffdn, HIGH)])[0]!.changes.length,
      c.run([mk('488908', 0)])[0]!.changes.length,
      c.run([mk('f20f1100', 0)])[0]!.changes.length,
    );
    console.log(c.run([mk('d910', 0)])[0]);
    break;
  }
}
