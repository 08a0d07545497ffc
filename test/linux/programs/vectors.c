// Do all 32 bytes of the vector registers survive calls, signals and other processes, and do signal frames hold them?
#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sched.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

// Only where the compiler may use AVX itself: it clears the upper halves when such a function ends.
#define AVX __attribute__((target("avx2,fma,f16c"), noinline))
#define MAGIC_START 0x46505853u
#define MAGIC_END 0x46505845u
#define UPPER_AT 576

static volatile int frames, upper_in_frame;

__attribute__((noinline)) static void set7(uint32_t value) {
  __asm__ volatile("vmovd %0, %%xmm7\n\tvpbroadcastd %%xmm7, %%ymm7" ::"r"(value) : "xmm7");
}

__attribute__((noinline)) static int is7(uint32_t low, uint32_t high) {
  uint32_t words[8];
  __asm__ volatile("vmovdqu %%ymm7, %0" : "=m"(words));
  for (int i = 0; i < 8; i++)
    if (words[i] != (i < 4 ? low : high)) return 0;
  return 1;
}

__attribute__((noinline)) static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  uint8_t *image = (uint8_t *)((ucontext_t *)context)->uc_mcontext.fpregs;
  uint32_t magic, size, upper, end;
  memcpy(&magic, image + 464, 4);
  memcpy(&size, image + 468, 4);
  memcpy(&upper, image + UPPER_AT + 7 * 16, 4);
  if (magic != MAGIC_START) return;
  memcpy(&end, image + size - 4, 4);
  frames += end == MAGIC_END && (image[512] & 4) != 0;
  upper_in_frame = upper;
  uint32_t changed[4] = {0x66666666, 0x66666666, 0x66666666, 0x66666666};
  memcpy(image + UPPER_AT + 7 * 16, changed, sizeof changed);
  set7(0x11111111);
}

__attribute__((noinline)) static void signals(void) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  set7(0x77777777);
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(39L)
                   : "rcx", "r11", "memory");
  printf("call %d\n", is7(0x77777777, 0x77777777));
  set7(0x77777777);
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(62L), "D"(result), "S"((long)SIGUSR1)
                   : "rcx", "r11", "memory");
  int kept = is7(0x77777777, 0x66666666);
  printf("signal %d, frames %d, upper %x\n", kept, frames, upper_in_frame);
}

__attribute__((noinline)) static int spin(uint32_t value) {
  for (int i = 0; i < 300; i++) {
    set7(value);
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(24L) : "rcx", "r11", "memory");
    if (!is7(value, value)) return 1;
  }
  return 0;
}

__attribute__((noinline)) static void processes(void) {
  for (uint32_t i = 0; i < 3; i++)
    if (fork() == 0) _exit(spin(0x1000 * (i + 1)));
  int status, all = 0;
  while (wait(&status) > 0) all |= status;
  printf("processes %d\n", all);
}

AVX static void arithmetic(void) {
  double x[4] = {0.1, 1e300, -3.7, 5e-324}, y[4] = {0.3, 1e10, 2.5, 0.5}, z[4];
  __m256d a = _mm256_loadu_pd(x), b = _mm256_loadu_pd(y);
  _mm256_storeu_pd(z, _mm256_fmsub_pd(a, b, _mm256_mul_pd(a, b)));
  printf("%a %a %a %a\n", z[0], z[1], z[2], z[3]);
  int table[64], index[8] = {63, 0, 7, 31, 2, 2, 50, 9}, found[8];
  for (int i = 0; i < 64; i++) table[i] = i * i;
  __m256i indexes = _mm256_loadu_si256((void *)index);
  _mm256_storeu_si256((void *)found, _mm256_i32gather_epi32(table, indexes, 4));
  for (int i = 0; i < 8; i++) printf("%d ", found[i]);
  float halves[8];
  _mm256_storeu_ps(halves, _mm256_cvtph_ps(_mm_set1_epi32(0x3c01c000)));
  printf("%a %a\n", halves[0], halves[7]);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return puts("needs AVX2"), 0;
  signals();
  processes();
  arithmetic();
  return 0;
}
