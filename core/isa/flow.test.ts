import { expect } from 'chai';
import { endsRun, flowOf } from './flow.js';
import { loadRows } from './rows/index.js';

const { rows } = loadRows();
const named = (name: string) => rows.find((row) => row.name === name)!;

const FLOWS = {
  ADD_Ev_Gv: 'next',
  JMP_Jb: 'jump',
  JNE_Jz: 'branch',
  LOOP_Jb: 'branch',
  JRCXZ_Jb: 'branch',
  CALL_Jz: 'call',
  CALL_Ev: 'indirect',
  JMP_Ev: 'indirect',
  RET_Iw: 'return',
  RETF: 'elsewhere',
  JMPF_Mp: 'elsewhere',
  SYSCALL: 'elsewhere',
  INT_Ib: 'elsewhere',
} as const;

describe('flowOf', () => {
  for (const [name, flow] of Object.entries(FLOWS))
    it(`${name} is ${flow}`, () => expect(flowOf(named(name))).to.equal(flow));
});

describe('endsRun', () => {
  it('tells what nothing falls through from what comes back', () => {
    const ending = Object.keys(FLOWS).filter((name) => endsRun(named(name)));
    expect(ending).to.deep.equal(['JMP_Jb', 'JMP_Ev', 'RET_Iw', 'RETF', 'JMPF_Mp']);
  });
});
