/** One compilation: a source file, and what it needs beside the usual flags. */
export interface Unit {
  readonly source: string;
  readonly flags?: readonly string[];
}

export interface ProgramDescription {
  readonly units: readonly Unit[];
  /** For every unit. */
  readonly flags?: readonly string[];
  readonly link: readonly string[];
}

/**
 * Vector instructions where they are asked for only: else what is measured is how plain code runs. Loops stay loops, and a root
 * is one instruction.
 */
export const FLAGS = ['-O2', '-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns', '-fno-math-errno'];

/** What the sources include, and what the linker reads. */
export const HEADERS = ['loads/load.h', 'loads/list.h', 'bare/link.ld'];

const units = (...sources: string[]): Unit[] => sources.map((source) => ({ source }));

const onLinux = (...list: Unit[]): ProgramDescription => ({ units: list, link: ['-static'] });

/** Of the loads, those for 32 bits, too. */
const LOADS: readonly Unit[] = [
  ...units(
    ...['core-mark', 'records', 'sieve', 'bytecode', 'sha256', 'copy', 'strings', 'sse2-arrays', 'strided']
      .concat('pointers', 'recursion', 'functions')
      .map((name) => `loads/${name}.c`),
  ),
  { source: 'loads/nbody.c', flags: ['-DNBODY=nbody_sse2', '-mfpmath=sse'] },
  { source: 'loads/nbody.c', flags: ['-DNBODY=nbody_x87', '-mfpmath=387'] },
];

const MATRIX: Unit = { source: 'loads/matrix-avx2.c', flags: ['-mavx2', '-mfma'] };

const BARE_FLAGS = [
  ...['-ffreestanding', '-fno-pie', '-fno-stack-protector', '-fcf-protection=none', '-mno-red-zone'],
  // The compiler's header of vector functions allocates memory, unless it is told that somebody else did that.
  ...['-fno-asynchronous-unwind-tables', '-D_MM_MALLOC_H_INCLUDED'],
];

const bareLink = (format: string): string[] => [
  ...['-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096'],
  ...['-Wl,--no-warn-rwx-segments', '-T', 'bare/link.ld', `-Wl,${format}`],
];

const BARE_64: readonly Unit[] = [...units('bare/main.c'), ...LOADS, MATRIX];

export const PROGRAMS = {
  cpu: onLinux(...units('cpu.c', 'loads/functions.c')),
  calls: onLinux(...units('calls.c')),
  pauses: onLinux(...units('pauses.c')),
  true: onLinux(...units('true.c')),
  loads: onLinux(...units('loads/main.c'), ...LOADS, MATRIX),
  /** 64-bit code in an ELF file for 32 bits, as Multiboot 1 has it. */
  multiboot: {
    units: [...units('bare/start.S'), ...BARE_64],
    flags: BARE_FLAGS,
    link: bareLink('--oformat=elf32-i386'),
  },
  pvh: {
    units: [{ source: 'bare/start.S', flags: ['-DPVH_ONLY'] }, ...BARE_64],
    flags: BARE_FLAGS,
    link: bareLink('-m,elf_x86_64'),
  },
  multiboot32: {
    units: [...units('bare/start.S', 'bare/main.c'), ...LOADS],
    flags: [...BARE_FLAGS, '-m32', '-msse2'],
    link: ['-m32', ...bareLink('-m,elf_i386')],
  },
} as const satisfies Record<string, ProgramDescription>;
