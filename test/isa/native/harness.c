// Executes single instructions on the host's own processor, one test case after another.
//
// Reads `struct request` records on stdin until it ends, answers a `struct reply` for each on stdout. Each case starts through
// rt_sigreturn with the trap flag set, so the processor itself stops after one instruction (after the last iteration of a repeated
// string instruction), and the signal's ucontext holds everything the instruction left behind.
//
// Memory an instruction can reach (everything around it is unmapped):
//   CODE  1 page,  read + execute; the instruction starts where the request says
//   DATA  2 pages, read + write, visible a second time at HIGH
//   FIXED 1 page,  read only, visible a second time behind DATA
// A request patches DATA and FIXED (offsets 0..8191 and 8192..12287); the reply lists the 8-byte words that changed.

#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x10000ul
#define DATA 0x90000ul
#define FIXED 0xa0000ul
#define HIGH 0x3a5a00090000ul
#define PAGE 4096ul
#define DATA_BYTES (2 * PAGE)
#define MEMORY_BYTES (3 * PAGE)

#define FLAG_TF 0x100ul
#define FLAG_RF 0x10000ul
#define IN_32_BIT_CODE 0x80000000u
#define DATA_SELECTOR 0x2b
#define CS_32 0x23
#define CS_64 0x33
#define REPEAT_LIMIT 20000
#define HWCAP2_FSGSBASE_BIT 2
#define XSTATE_BV 512
#define YMM_STATE 4
#define YMM_AT 576
#define YMM_BYTES 256

struct registers {
  uint64_t gpr[16], rip, rflags, fs_base, gs_base;
  uint8_t fx[832]; // as xsave lays it out
};

struct request {
  uint16_t patches, code_length;
  uint32_t code_offset;
  struct registers before;
  // then `patches` times: struct patch and its bytes
};

struct reply {
  uint8_t vector, signal; // vector 255: the instruction completed
  uint16_t changes;
  uint32_t error_code;
  uint64_t cr2;
  struct registers after;
  // then `changes` times: struct patch and its bytes
};

struct patch {
  uint16_t offset, length;
};

static const int greg_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint8_t *code, *memory;
static uint8_t expected[MEMORY_BYTES] __attribute__((aligned(64)));
static uint8_t frame[32768] __attribute__((aligned(64))); // a copy of a real rt_sigframe: ucontext, then the FPU state
static ucontext_t *entry;
static uint64_t home_fs, home_gs;
uint64_t home_rsp;
static struct reply reply;
static int repeats, repeatable, running, has_avx;

// `leave_through` starts the state in an rt_sigframe; `come_back`, in the signal handler, returns from it.
void leave_through(void *signal_frame);
void come_back(void) __attribute__((noreturn));
__asm__(".text\n"
        "leave_through: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp, home_rsp(%rip)\n mov %rdi, %rsp\n mov $15, %eax\n syscall\n ud2\n"
        "come_back: mov home_rsp(%rip), %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static void die(const char *what) {
  perror(what);
  exit(2);
}

static uint8_t *map(uint64_t address, size_t bytes, int protection, int file, off_t offset) {
  int flags = MAP_SHARED | MAP_POPULATE | (address ? MAP_FIXED_NOREPLACE : 0);
  uint8_t *at = mmap((void *)address, bytes, protection, flags, file, offset);
  if (at == MAP_FAILED) die("mmap");
  return at;
}

static void map_memory(void) {
  int file = memfd_create("isa", 0);
  if (file < 0 || ftruncate(file, PAGE + MEMORY_BYTES) < 0) die("memfd_create");
  code = map(0, PAGE + MEMORY_BYTES, PROT_READ | PROT_WRITE, file, 0);
  memory = code + PAGE;
  memset(code, 0xcc, PAGE);
  map(CODE, PAGE, PROT_READ | PROT_EXEC, file, 0);
  map(DATA, DATA_BYTES, PROT_READ | PROT_WRITE, file, PAGE);
  map(HIGH, DATA_BYTES, PROT_READ | PROT_WRITE, file, PAGE);
  map(FIXED, PAGE, PROT_READ, file, PAGE + DATA_BYTES);
  map(DATA + DATA_BYTES, PAGE, PROT_READ, file, PAGE + DATA_BYTES);
}

static uint64_t read_fs(void) {
  uint64_t value;
  __asm__ volatile("rdfsbase %0" : "=r"(value));
  return value;
}

static uint64_t read_gs(void) {
  uint64_t value;
  __asm__ volatile("rdgsbase %0" : "=r"(value));
  return value;
}

// What 64-bit code does without and 32-bit code needs.
static void load_es(int selector) { __asm__ volatile("mov %0, %%es" ::"r"(selector)); }

static int local(int entry) { return entry * 8 + 7; }

// As TEST_SEGMENTS in test-case.ts.
static void make_local_segments(void) {
  const struct user_desc segments[] = {
      {.limit = 0xfff, .seg_32bit = 1},
      {.limit = 0xfff, .seg_32bit = 1, .read_exec_only = 1},
      {.limit = 0xfff, .seg_32bit = 1, .contents = 1},
      {.limit = 0xfff, .contents = 1},
      {.limit = 0xfff, .seg_32bit = 1, .contents = 2},
      {.limit = 0x1fff},
  };
  for (unsigned i = 0; i < sizeof segments / sizeof *segments; i++) {
    struct user_desc segment = segments[i];
    segment.entry_number = i;
    segment.base_addr = DATA;
    segment.useable = 1;
    if (syscall(SYS_modify_ldt, 0x11, &segment, sizeof segment) != 0) die("modify_ldt");
  }
}

static void load_data_segments(void) {
  __asm__ volatile("mov %0, %%ds" ::"r"(DATA_SELECTOR));
  load_es(DATA_SELECTOR);
}

static void write_bases(uint64_t fs, uint64_t gs) {
  __asm__ volatile("wrfsbase %0\n\twrgsbase %1" ::"r"(fs), "r"(gs) : "memory");
}

// Nothing here may use thread-local storage before the bases are back.
static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)info;
  ucontext_t *uc = context;
  uint64_t fs = read_fs(), gs = read_gs();
  write_bases(home_fs, home_gs);
  if (!running) _exit(3);
  greg_t *g = uc->uc_mcontext.gregs;
  int trapped = signal == SIGTRAP && g[REG_TRAPNO] == 1;
  if (trapped && repeatable && (uint64_t)g[REG_RIP] == reply.after.rip && ++repeats < REPEAT_LIMIT) {
    write_bases(fs, gs);
    return;
  }
  running = 0;
  reply.signal = signal;
  reply.vector = trapped ? 255 : g[REG_TRAPNO];
  reply.error_code = g[REG_ERR];
  reply.cr2 = g[REG_CR2];
  for (int i = 0; i < 16; i++) reply.after.gpr[i] = g[greg_of[i]];
  reply.after.rip = g[REG_RIP];
  reply.after.rflags = g[REG_EFL] & ~(FLAG_TF | FLAG_RF);
  reply.after.fs_base = fs;
  reply.after.gs_base = gs;
  uint8_t *fpu = (uint8_t *)uc->uc_mcontext.fpregs;
  memcpy(reply.after.fx, fpu, 512);
  if (*(uint64_t *)(fpu + XSTATE_BV) & YMM_STATE) memcpy(reply.after.fx + YMM_AT, fpu + YMM_AT, YMM_BYTES);
  come_back();
}

// The first signal only teaches us what a frame of this kernel looks like.
static void on_template(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ucontext_t *uc = context;
  uint8_t *fpu = (uint8_t *)uc->uc_mcontext.fpregs;
  uint32_t fpu_bytes = *(uint32_t *)(fpu + 464 + 4); // _fpx_sw_bytes.extended_size
  if (fpu_bytes < 512) fpu_bytes = 512;
  size_t uc_bytes = (sizeof(ucontext_t) + 63) & ~63ul;
  if (uc_bytes + fpu_bytes > sizeof frame) _exit(4);
  size_t uc_to_fpu = fpu - (uint8_t *)uc; // glibc's ucontext_t may be longer than the kernel's
  memcpy(frame, uc, fpu > (uint8_t *)uc && uc_to_fpu < sizeof *uc ? uc_to_fpu : sizeof *uc);
  memcpy(frame + uc_bytes, fpu, fpu_bytes);
  entry = (ucontext_t *)frame;
  sigemptyset(&entry->uc_sigmask);
  entry->uc_mcontext.fpregs = (void *)(frame + uc_bytes);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  if (sigaction(signal, &action, NULL) < 0) die("sigaction");
}

static void install_handlers(void) {
  stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
  if (sigaltstack(&stack, NULL) < 0) die("sigaltstack");
  handle(SIGUSR1, on_template);
  raise(SIGUSR1);
  const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS};
  for (int i = 0; i < 5; i++) handle(signals[i], on_signal);
}

static int is_legacy_prefix(uint8_t byte) {
  return byte && strchr("\x66\x67\xf0\xf2\xf3\x2e\x36\x3e\x26\x64\x65", byte) != NULL;
}

static uint8_t opcode_of(const uint8_t *bytes, int length, int *repeat) {
  int i = 0;
  for (*repeat = 0; i < length && is_legacy_prefix(bytes[i]); i++) *repeat |= (bytes[i] & 0xfe) == 0xf2;
  if (i < length && (bytes[i] & 0xf0) == 0x40) i++;
  return i < length ? bytes[i] : 0;
}

// A gather takes the debug trap between two of its loads, when the next one faults.
static int is_gather(const uint8_t *bytes, int length) {
  int i = 0;
  while (i < length && is_legacy_prefix(bytes[i])) i++;
  return i + 3 < length && bytes[i] == 0xc4 && (bytes[i + 1] & 0x1f) == 2 && (bytes[i + 3] & 0xfc) == 0x90;
}

static int is_string(uint8_t opcode) {
  return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) || (opcode >= 0x6c && opcode <= 0x6f);
}

static void load_entry(const struct registers *before, uint64_t rip, int cs, uint64_t ss) {
  greg_t *g = entry->uc_mcontext.gregs;
  for (int i = 0; i < 16; i++) g[greg_of[i]] = before->gpr[i];
  g[REG_RIP] = rip;
  g[REG_CSGSFS] = (g[REG_CSGSFS] & 0x0000ffffffff0000l) | cs | (greg_t)(ss << 48);
  g[REG_EFL] = before->rflags | FLAG_TF;
  uint8_t *fpu = (uint8_t *)entry->uc_mcontext.fpregs;
  memcpy(fpu, before->fx, 464); // the last 48 bytes belong to the kernel
  *(uint64_t *)(fpu + XSTATE_BV) |= 3; // x87 and SSE state are there
  if (!has_avx) return;
  *(uint64_t *)(fpu + XSTATE_BV) |= YMM_STATE;
  memcpy(fpu + YMM_AT, before->fx + YMM_AT, YMM_BYTES);
}

static void enter(const struct registers *before) {
  running = 1;
  write_bases(before->fs_base, before->gs_base);
  leave_through(frame);
}

// The stepping itself shows in what pushf stores.
static void hide_trap_flag(uint8_t opcode) {
  if (opcode != 0x9c || reply.vector != 255) return;
  uint64_t at = reply.after.gpr[4] + 1;
  uint64_t base = at >= HIGH ? HIGH : DATA;
  if (at - base < DATA_BYTES) memory[at - base] &= ~1;
}

static void write_changes(void) {
  reply.changes = 0;
  static uint8_t changes[MEMORY_BYTES * 2];
  size_t used = 0;
  for (size_t at = 0; at < MEMORY_BYTES; at += 8) {
    if (*(uint64_t *)(memory + at) == *(uint64_t *)(expected + at)) continue;
    struct patch patch = {at, 8};
    memcpy(changes + used, &patch, sizeof patch);
    memcpy(changes + used + sizeof patch, memory + at, 8);
    used += sizeof patch + 8;
    reply.changes++;
  }
  fwrite(&reply, sizeof reply, 1, stdout);
  fwrite(changes, used, 1, stdout);
}

static int read_exactly(void *into, size_t bytes) { return fread(into, 1, bytes, stdin) == bytes; }

static void read_patches(int count) {
  memset(expected, 0, sizeof expected);
  for (int i = 0; i < count; i++) {
    struct patch patch;
    if (!read_exactly(&patch, sizeof patch) || patch.offset + patch.length > MEMORY_BYTES) exit(5);
    if (!read_exactly(expected + patch.offset, patch.length)) exit(5);
  }
  memcpy(memory, expected, MEMORY_BYTES);
}

static void run_case(struct request *request) {
  uint8_t bytes[64];
  int cs = request->code_offset & IN_32_BIT_CODE ? CS_32 : CS_64;
  int es = request->code_offset >> 16 & 15, ss = request->code_offset >> 20 & 15;
  request->code_offset &= 0xffff;
  if (request->code_length > sizeof bytes || request->code_offset + request->code_length > PAGE) exit(6);
  if (!read_exactly(bytes, request->code_length)) exit(6);
  read_patches(request->patches);
  memcpy(code + request->code_offset, bytes, request->code_length);
  int repeat;
  uint8_t opcode = opcode_of(bytes, request->code_length, &repeat);
  repeatable = (repeat && is_string(opcode)) || is_gather(bytes, request->code_length);
  repeats = 0;
  memset(&reply, 0, sizeof reply);
  reply.after.rip = CODE + request->code_offset;
  load_entry(&request->before, reply.after.rip, cs, ss ? local(ss - 1) : DATA_SELECTOR);
  load_es(es ? local(es - 1) : DATA_SELECTOR);
  enter(&request->before);
  memset(code + request->code_offset, 0xcc, request->code_length);
  hide_trap_flag(opcode);
  write_changes();
}

int main(void) {
  if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT)) return fputs("the kernel does not offer fsgsbase\n", stderr), 7;
  home_fs = read_fs();
  home_gs = read_gs();
  load_data_segments();
  make_local_segments();
  has_avx = __builtin_cpu_supports("avx");
  map_memory();
  install_handlers();
  struct request request;
  while (read_exactly(&request, sizeof request)) run_case(&request);
  return fflush(stdout) == 0 ? 0 : 8;
}
