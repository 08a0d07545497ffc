/** What an argument is; drives the tracer, the copies that a test expects, and the documentation. */
export type ArgumentKind =
  | 'fd'
  | 'newFd'
  | 'fdOrFds'
  | 'path'
  | 'in'
  | 'out'
  | 'inOut'
  | 'words'
  | 'length'
  | 'offset'
  | 'signedOffset'
  | 'address'
  | 'openFlags'
  | 'fcntlCommand'
  | 'mapFlags'
  | 'mremapFlags'
  | 'eventFlags'
  | 'callFlags'
  | 'rwFlags'
  | 'whence'
  | 'clock'
  | 'futexOp'
  | 'id'
  | 'number';

export interface Argument {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** Layout behind a pointer, by its name in structs.ts. */
  readonly struct?: string;
}

export interface SyscallRecord {
  readonly number: number;
  readonly name: string;
  /** Of the pad and of gdb's symbol. */
  readonly symbol: string;
  readonly args: readonly Argument[];
  readonly returns: 'nothing' | 'fd' | 'bytes' | 'offset' | 'address' | 'events' | 'number';
  readonly deprecated?: true;
}

type ArgumentText = `${string}:${ArgumentKind}` | `${string}:${ArgumentKind}:${string}`;

function call(
  number: number,
  name: string,
  args: readonly ArgumentText[],
  returns: SyscallRecord['returns'] = 'nothing',
): SyscallRecord {
  return { number, name, symbol: `sys_${name}`, args: args.map(argument), returns };
}

function argument(text: ArgumentText): Argument {
  const [name = '', kind, struct] = text.split(':');
  return { name, kind: kind as ArgumentKind, ...(struct ? { struct } : {}) };
}

/** Every call of epoch E (redox_syscall 0.9), in the order of the pads. */
export const syscalls = [
  call(
    0x1010_03db,
    'openat_into',
    ['dirfd:fd', 'path:path', 'length:length', 'flags:openFlags', 'fcntlFlags:openFlags', 'newFd:newFd'],
    'fd',
  ),
  call(0x1000_0107, 'unlinkat', ['dirfd:fd', 'path:path', 'length:length', 'flags:number']),
  call(0x2000_0006, 'close', ['fd:fd']),
  call(0x2010_03dc, 'dup_into', ['fd:fd', 'buffer:in', 'length:length', 'newFd:newFd'], 'fd'),
  call(0x2010_003f, 'dup2', ['fd:fd', 'newFd:newFd', 'buffer:in', 'length:length'], 'fd'),
  call(0x2200_0003, 'read', ['fd:fd', 'buffer:out', 'length:length'], 'bytes'),
  call(
    0x2200_0023,
    'read2',
    ['fd:fd', 'buffer:out', 'length:length', 'offset:offset', 'flags:rwFlags'],
    'bytes',
  ),
  call(0x2100_0004, 'write', ['fd:fd', 'buffer:in', 'length:length'], 'bytes'),
  call(
    0x2100_002d,
    'write2',
    ['fd:fd', 'buffer:in', 'length:length', 'offset:offset', 'flags:rwFlags'],
    'bytes',
  ),
  call(0x2000_0013, 'lseek', ['fd:fd', 'offset:signedOffset', 'whence:whence'], 'offset'),
  call(0x2000_00cf, 'fchown', ['fd:fd', 'uid:id', 'gid:id']),
  call(0x2000_0037, 'fcntl', ['fd:fd', 'command:fcntlCommand', 'argument:number'], 'number'),
  call(0x2000_039f, 'fevent', ['fd:fd', 'mask:eventFlags'], 'events'),
  call(
    0x2300_ca11,
    'call',
    ['fd:fdOrFds', 'payload:inOut', 'length:length', 'flags:callFlags', 'metadata:words', 'fdsLength:length'],
    'number',
  ),
  call(0x2100_0384, 'fmap', ['fd:fd', 'map:in:Map', 'length:length'], 'address'),
  call(0x2000_005c, 'funmap', ['address:address', 'length:length']),
  call(
    0x9b,
    'mremap',
    ['old:address', 'oldLength:length', 'new:address', 'newLength:length', 'flags:mremapFlags'],
    'address',
  ),
  call(0x2300_0009, 'flink', ['fd:fd', 'path:path', 'length:length']),
  call(0x2300_0026, 'frename', ['fd:fd', 'path:path', 'length:length']),
  call(0x2200_03a0, 'fpath', ['fd:fd', 'buffer:out', 'length:length'], 'bytes'),
  call(0x2200_001c, 'fstat', ['fd:fd', 'stat:out:Stat', 'length:length']),
  { ...call(0x2000_0076, 'fsync', ['fd:fd']), deprecated: true as const },
  call(0x109, 'clock_gettime', ['clock:clock', 'time:out:TimeSpec']),
  call(
    0xf0,
    'futex',
    ['address:address', 'op:futexOp', 'value:number', 'value2:number', 'address2:address'],
    'number',
  ),
  call(0x7d, 'mprotect', ['address:address', 'length:length', 'protection:mapFlags']),
  call(0xa2, 'nanosleep', ['request:in:TimeSpec', 'remaining:out:TimeSpec']),
  call(0x9e, 'yield', []),
] as const satisfies readonly SyscallRecord[];

export const Sys = {
  OPENAT_INTO: 0x1010_03db,
  UNLINKAT: 0x1000_0107,
  CLOSE: 0x2000_0006,
  DUP_INTO: 0x2010_03dc,
  DUP2: 0x2010_003f,
  READ: 0x2200_0003,
  READ2: 0x2200_0023,
  WRITE: 0x2100_0004,
  WRITE2: 0x2100_002d,
  LSEEK: 0x2000_0013,
  FCHOWN: 0x2000_00cf,
  FCNTL: 0x2000_0037,
  FEVENT: 0x2000_039f,
  CALL: 0x2300_ca11,
  FMAP: 0x2100_0384,
  FUNMAP: 0x2000_005c,
  MREMAP: 0x9b,
  FLINK: 0x2300_0009,
  FRENAME: 0x2300_0026,
  FPATH: 0x2200_03a0,
  FSTAT: 0x2200_001c,
  FSYNC: 0x2000_0076,
  CLOCK_GETTIME: 0x109,
  FUTEX: 0xf0,
  MPROTECT: 0x7d,
  NANOSLEEP: 0xa2,
  YIELD: 0x9e,
} as const;

export const syscallByNumber: ReadonlyMap<number, SyscallRecord> = new Map(
  syscalls.map((record) => [record.number, record]),
);
