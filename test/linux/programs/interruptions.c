// does a program that signals interrupt anywhere find its registers, flags and red zone as they were?
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { SIGNALS = 150, REGISTERS = 14 };
static volatile int count;
__attribute__((used)) static volatile uint64_t given[REGISTERS], found[REGISTERS], flags_found, below_found, vectors[2];

static void handler(int signal) {
  uint64_t scratch[16];
  memset(scratch, 0xa5, sizeof scratch);
  __asm__ volatile("pcmpeqd %%xmm3, %%xmm3; pxor %%xmm11, %%xmm11; std; cld" ::"r"(scratch) : "xmm3", "xmm11", "memory");
  count++;
}

// Fills every register but rsp and rcx, which counts down without touching flags.
__attribute__((naked)) static void spin(void) {
  __asm__ volatile(
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "movabs $0xfedcba9876543210, %rax; mov %rax, -8(%rsp)\n"
    "movq %rax, %xmm3; movq %rax, %xmm11\n"
    "mov $0xed5, %eax; push %rax; popf\n"
    "lea given(%rip), %r15\n"
    "mov (%r15), %rax; mov 8(%r15), %rbx; mov 16(%r15), %rdx; mov 24(%r15), %rsi; mov 32(%r15), %rdi; mov 40(%r15), %rbp\n"
    "mov 48(%r15), %r8; mov 56(%r15), %r9; mov 64(%r15), %r10; mov 72(%r15), %r11; mov 80(%r15), %r12; mov 88(%r15), %r13\n"
    "mov 96(%r15), %r14; mov 104(%r15), %r15\n"
    "movabs $0xfedcba9876543210, %rcx; mov %rcx, -8(%rsp)\n"
    "mov $20000, %ecx\n"
    "1: lea -1(%rcx), %rcx; jrcxz 2f; jmp 1b\n"
    "2: mov %r15, found+104(%rip); lea found(%rip), %r15\n"
    "mov %rax, (%r15); mov %rbx, 8(%r15); mov %rdx, 16(%r15); mov %rsi, 24(%r15); mov %rdi, 32(%r15); mov %rbp, 40(%r15)\n"
    "mov %r8, 48(%r15); mov %r9, 56(%r15); mov %r10, 64(%r15); mov %r11, 72(%r15); mov %r12, 80(%r15); mov %r13, 88(%r15)\n"
    "mov %r14, 96(%r15)\n"
    "mov -8(%rsp), %rax; mov %rax, below_found(%rip)\n"
    "pushf; pop %rax; cld; mov %rax, flags_found(%rip)\n"
    "movq %xmm3, vectors(%rip); movq %xmm11, vectors+8(%rip)\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
}

int main(void) {
  for (int at = 0; at < REGISTERS; at++) given[at] = 0x8123456789abcdefUL * (2 * at + 1);
  signal(SIGALRM, handler);
  struct itimerval every = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, 0);
  int wrong = 0, wrong_flags = 0, wrong_below = 0, wrong_vectors = 0;
  while (count < SIGNALS) {
    spin();
    wrong += memcmp((void *)given, (void *)found, sizeof given) != 0;
    wrong_flags += (flags_found & 0xcd5) != 0xcd5;
    wrong_below += below_found != 0xfedcba9876543210;
    wrong_vectors += vectors[0] != 0xfedcba9876543210 || vectors[1] != 0xfedcba9876543210;
  }
  setitimer(ITIMER_REAL, &never, 0);
  printf("wrong: registers %d, flags %d, red zone %d, vectors %d\n", wrong, wrong_flags, wrong_below, wrong_vectors);
  return 0;
}
