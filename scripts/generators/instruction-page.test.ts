import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { featureOf } from '../../core/isa/features.js';
import { loadRows } from '../../core/isa/rows/index.js';
import { instructionPage } from './instruction-page.js';

const { rows, families } = loadRows();

describe('the page of instructions', () => {
  it('is up to date (npm run docs:instructions writes it)', () => {
    const page = readFileSync(new URL('../../docs/instructions.md', import.meta.url), 'utf8');
    expect(instructionPage({ rows, families }) === page).to.equal(true);
  });

  const cases: [string, string][] = [
    ['ADD_Ev_Gv', 'x86-64'],
    ['ADDPS_Vps_Wps', 'SSE'],
    ['ADDPD_Vpd_Wpd', 'SSE2'],
    ['MOVDQU_Vx_Wx', 'SSE2'],
    ['PADDQ_Pq_Qq', 'SSE2'],
    ['PADDD_Pq_Qq', 'MMX'],
    ['PSHUFW_Pq_Qq_Ib', 'SSE'],
    ['FISTTP_Mw', 'SSE3'],
    ['TZCNT_Gv_Ev', 'BMI1'],
    ['POPCNT_Gv_Ev', 'POPCNT'],
    ['XSAVE_Ms', 'XSAVE'],
    ['VADDPS_Vps_Hps_Wps', 'AVX'],
    ['VPADDD_Vx_Hx_Wx', 'AVX AVX2'],
    ['VPERMQ_Vx_Wx_Ib', 'AVX2'],
    ['VAESIMC_Vx_Wx', 'AVX AESNI'],
  ];
  for (const [name, feature] of cases) {
    it(`says that ${name} needs ${feature}`, () => {
      const row = rows.find((one) => one.name === name)!;
      expect(featureOf(row, families.get(row)!)).to.equal(feature);
    });
  }
});
