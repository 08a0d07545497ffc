import type { FakeTarget } from './fake-target.js';

export const CODE = 0x1000n;
export const DATA = 0x2000n;

// mov 0x2000,%rax; add $1,%rax; mov %rax,0x2000; jmp back; then an invalid instruction
const LOOP = '488b8300000000' + '4883c001' + '48898300000000' + 'ebec' + '06';

/** A page of code that counts in a page of data for ever, and a blocked thread. */
export function smallMachine(target: FakeTarget): void {
  target.bytes.map(CODE, Buffer.from(LOOP, 'hex'));
  target.bytes.map(DATA, Buffer.from('0100000000000000', 'hex'));
  target.cpu.registers[3] = DATA;
  target.cpu.rip = CODE;
  target.threadInfos = [
    { id: 1, name: 'counter', state: 'running' },
    { id: 0x1f, name: 'reader', state: 'blocked in <sys_read>' },
  ];
  const registers = { rip: 0xffff_ffff_8010_0000n, rsp: 0x5000n, rax: 0xabn };
  target.blocked.set(0x1f, new Map(Object.entries(registers)));
  target.fileBytes.set('/bin/}#$*', Buffer.from('}#$*\0'));
}
