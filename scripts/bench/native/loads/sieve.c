// Eratosthenes, a byte for each number.
#include "load.h"

enum { BYTES = 65536 };

u64 sieve(u32 rounds) {
  static u8 composite[BYTES];
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    u32 primes = 0;
    for (u32 i = 0; i < BYTES; i++) composite[i] = 0;
    for (u32 i = 2; i < BYTES; i++) {
      if (composite[i]) continue;
      primes++;
      for (u32 multiple = 2 * i; multiple < BYTES; multiple += i) composite[multiple] = 1;
    }
    sum = mix(sum, primes + round);
  }
  return sum;
}
