// cpu KERNEL SIZE REPEATS: prints the nanoseconds of each repetition, and a checksum that must be the same everywhere.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t u64;
typedef uint32_t u32;

#define NOINLINE __attribute__((noinline))

static u64 integers(u64 count) {
  u64 x = 88172645463325252ull, sum = 0;
  for (u64 i = 0; i < count; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x & i;
    if (sum & 64) sum ^= x;
  }
  return sum;
}

enum { SIEVE_BYTES = 65536 };

static u64 bytes(u64 rounds) {
  static uint8_t composite[SIEVE_BYTES];
  u64 primes = 0;
  for (u64 round = 0; round < rounds; round++) {
    memset(composite, 0, sizeof composite);
    for (u32 i = 2; i < SIEVE_BYTES; i++) {
      if (composite[i]) continue;
      primes++;
      for (u32 multiple = 2 * i; multiple < SIEVE_BYTES; multiple += i) composite[multiple] = 1;
    }
  }
  return primes;
}

enum { CHAIN_LENGTH = 32768 };

static u64 chase(u64 steps) {
  static void *chain[CHAIN_LENGTH];
  static u32 order[CHAIN_LENGTH];
  u32 random = 1;
  for (u32 i = 0; i < CHAIN_LENGTH; i++) order[i] = i;
  for (u32 i = CHAIN_LENGTH - 1; i > 0; i--) {
    random = random * 1664525 + 1013904223;
    u32 other = (u32)(((u64)random * (i + 1)) >> 32), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  for (u32 i = 0; i < CHAIN_LENGTH; i++) chain[order[i]] = &chain[order[(i + 1) % CHAIN_LENGTH]];
  void **at = chain[0];
  for (u64 i = 0; i < steps; i++) at = *at;
  return (u64)((void **)at - (void **)chain);
}

static NOINLINE u64 fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static u64 calls(u64 rounds) {
  u64 sum = 0;
  for (u64 i = 0; i < rounds; i++) sum += fibonacci(22 + (i & 1));
  return sum;
}

enum { COPY_WORDS = 4096 };

static u64 copy(u64 rounds) {
  static u64 from[COPY_WORDS], to[COPY_WORDS];
  u64 sum = 0;
  for (u32 i = 0; i < COPY_WORDS; i++) from[i] = i * 2654435761u;
  for (u64 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < COPY_WORDS; i++) {
      to[i] = from[i];
      sum += to[i];
    }
    from[round % COPY_WORDS]++;
  }
  return sum;
}

// In loads/functions.c.
u64 functions(u32 rounds);

static u64 flat(u64 rounds) { return functions((u32)rounds); }

struct kernel {
  const char *name;
  u64 (*run)(u64 size);
};

static const struct kernel kernels[] = {
    {"int", integers}, {"byte", bytes}, {"chase", chase}, {"call", calls}, {"copy", copy}, {"flat", flat},
};

static u64 now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  u64 size = strtoull(argv[2], 0, 10);
  for (u32 i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    if (strcmp(argv[1], kernels[i].name)) continue;
    for (int left = atoi(argv[3]); left > 0; left--) {
      u64 start = now_ns(), sum = kernels[i].run(size);
      printf("%llu %llx\n", (unsigned long long)(now_ns() - start), (unsigned long long)sum);
      fflush(stdout);
    }
    return 0;
  }
  return 2;
}
