// 600 different functions, called in turn with branches that depend on the data: much code and no hot loop, as in a compiler
// or an interpreter.
#include <stdint.h>

typedef uint64_t u64;

static u64 cells[1024];

// What depends on N alone is decided by the compiler, so that the functions differ in shape, not only in constants.
#define FUNCTION(N)                                                        \
  static __attribute__((noinline)) u64 f##N(u64 x, u64 y) {                \
    u64 z = x * (2 * N + 1) + (y >> (N % 13 + 1));                         \
    if (z & (1u << N % 9)) z ^= cells[(z >> 3) % 1024];                    \
    else z += y ^ N * 77u;                                                 \
    if (N % 3 == 0) cells[(z ^ N) % 1024] = y;                             \
    if (N % 4 == 1) y = (y << (N % 17 + 1)) | (y >> (63 - N % 17));        \
    if (N % 5 == 2 && (int64_t)z < 0) z = ~z - N;                          \
    if (N % 7 == 3)                                                        \
      for (int i = 0; i < N % 6; i++) y += cells[(x + i) % 1024] >> i;     \
    if ((y + z) % (N % 11 + 2) == 0) z -= cells[N % 1024] | 1;             \
    if (z > y) return z ^ (y + N);                                         \
    return (z << 1) + (y & 0xffff) * N;                                    \
  }

#define TEN(DO, N) DO(N##0) DO(N##1) DO(N##2) DO(N##3) DO(N##4) DO(N##5) DO(N##6) DO(N##7) DO(N##8) DO(N##9)
#define HUNDRED(DO, N)                                                                                     \
  TEN(DO, N##0) TEN(DO, N##1) TEN(DO, N##2) TEN(DO, N##3) TEN(DO, N##4) TEN(DO, N##5) TEN(DO, N##6)        \
  TEN(DO, N##7) TEN(DO, N##8) TEN(DO, N##9)
// From 1000, so that no number begins with 0.
#define ALL(DO) \
  HUNDRED(DO, 10) HUNDRED(DO, 11) HUNDRED(DO, 12) HUNDRED(DO, 13) HUNDRED(DO, 14) HUNDRED(DO, 15)

ALL(FUNCTION)

#define ENTRY(N) f##N,
static u64 (*const functions[])(u64, u64) = {ALL(ENTRY)};

u64 flat(u64 rounds) {
  u64 sum = 0;
  for (u64 i = 0; i < 1024; i++) cells[i] = i * 0x9e3779b97f4a7c15ull;
  for (u64 round = 0; round < rounds; round++) {
    // The same data each round, as long as it lasts: what is measured is the amount of code, not the luck of a predictor.
    u64 x = 1, y = 2;
    for (u64 i = 0; i < sizeof functions / sizeof *functions; i++) {
      u64 next = functions[i](x, y);
      y = x;
      x = next;
    }
    sum += x ^ y;
  }
  return sum;
}
