// Functions that call themselves: Fibonacci's, Takeuchi's and Ackermann's.
#include "load.h"

static NOINLINE u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static NOINLINE int takeuchi(int x, int y, int z) {
  return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static NOINLINE u32 ackermann(u32 m, u32 n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

u64 recursion(u32 rounds) {
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    sum = mix(sum, fibonacci(16 + (round & 3)));
    sum = mix(sum, (u32)takeuchi(10, 6 - (int)(round & 1), 2));
    sum = mix(sum, ackermann(2, 20 + (round & 7)));
  }
  return sum;
}
