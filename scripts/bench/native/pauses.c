// pauses BATCHES: new functions all the time, each called often, and the clock looked at between the calls. Prints the 99th of a
// hundred steps, and the longest, in nanoseconds.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define FUNCTIONS 64
#define ROUNDS 2000
#define AREA (8u << 20)
#define ROOM (FUNCTIONS * 512u)

typedef uint64_t function(uint64_t, uint64_t);

static uint64_t seed = 88172645463325252u;
static uint8_t *at;

static uint32_t below(uint32_t n) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 32) % n;
}

static void bytes(const char *code, unsigned length) {
  memcpy(at, code, length);
  at += length;
}

static void word(uint32_t value) {
  memcpy(at, &value, 4);
  at += 4;
}

static void instructions(uint32_t count) {
  while (count--) {
    switch (below(6)) {
      case 0: bytes("\x48\x01\xf8", 3); break;                      // add rax, rdi
      case 1: bytes("\x48\x31\xf0", 3); break;                      // xor rax, rsi
      case 2: bytes("\x48\x05", 2), word(below(1u << 31)); break;   // add rax, n
      case 3: bytes("\x48\x0f\xaf\xc7", 4); break;                  // imul rax, rdi
      case 4: bytes("\x48\x39\xf0\x72\x03\x48\x29\xf8", 8); break;  // cmp rax, rsi; jb +3; sub rax, rdi
      case 5: bytes("\x48\xff\xc0", 3); break;                      // inc rax
    }
  }
}

// A loop with code before and behind it.
static function *made(void) {
  function *start = (function *)(uintptr_t)at;
  bytes("\x48\x89\xf8", 3);  // mov rax, rdi
  instructions(3 + below(12));
  bytes("\xb9", 1), word(2 + below(8));  // mov ecx, n
  uint8_t *loop = at;
  instructions(2 + below(10));
  bytes("\xff\xc9\x0f\x85", 4), word((uint32_t)(loop - at - 4));  // dec ecx; jnz loop
  bytes("\xc3", 1);
  return start;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  uint32_t batches = argc > 1 ? (uint32_t)strtoul(argv[1], 0, 10) : 1;
  uint64_t *steps = malloc(sizeof(uint64_t) * batches * ROUNDS);
  uint8_t *area = mmap(0, AREA, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!steps || area == MAP_FAILED) return 1;
  uint64_t sum = 0, count = 0;
  at = area;
  for (uint32_t batch = 0; batch < batches; batch++) {
    function *functions[FUNCTIONS];
    if (at > area + AREA - ROOM) at = area;
    for (int i = 0; i < FUNCTIONS; i++) functions[i] = made();
    uint64_t before = now();
    for (uint64_t round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < FUNCTIONS; i++) sum = sum * 31 + functions[i](sum, round);
      uint64_t after = now();
      steps[count++] = after - before;
      before = after;
    }
  }
  qsort(steps, count, sizeof *steps, ascending);
  printf("%llu %llu\n", (unsigned long long)steps[count * 99 / 100], (unsigned long long)steps[count - 1]);
  return sum == 1;
}
