// 600 different functions, called in turn with branches that depend on the data: much code and no hot loop, as in a compiler
// or an interpreter.
#include "load.h"

static u32 cells[1024];

// What depends on N alone is decided by the compiler, so that the functions differ in shape, not only in constants.
#define FUNCTION(N)                                                        \
  static NOINLINE u32 f##N(u32 x, u32 y) {                                  \
    u32 z = x * (2 * N + 1) + (y >> (N % 13 + 1));                         \
    if (z & (1u << N % 9)) z ^= cells[(z >> 3) % 1024];                    \
    else z += y ^ N * 77u;                                                 \
    if (N % 3 == 0) cells[(z ^ N) % 1024] = y;                             \
    if (N % 4 == 1) y = (y << (N % 17 + 1)) | (y >> (31 - N % 17));        \
    if (N % 5 == 2 && (int32_t)z < 0) z = ~z - N;                          \
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
static u32 (*const table[])(u32, u32) = {ALL(ENTRY)};

u64 functions(u32 rounds) {
  u64 sum = MIX_START;
  for (u32 i = 0; i < 1024; i++) cells[i] = i * 0x9e3779b9u;
  for (u32 round = 0; round < rounds; round++) {
    // The same data each round, as long as it lasts: what is measured is the amount of code, not the luck of a predictor.
    u32 x = 1, y = 2;
    for (u32 i = 0; i < COUNT(table); i++) {
      u32 next = table[i](x, y);
      y = x;
      x = next;
    }
    sum = mix(sum, x ^ y);
  }
  return sum;
}
