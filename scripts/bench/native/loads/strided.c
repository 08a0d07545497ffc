// Read, change and write one word here and there in 8 MiB: every step is on another page.
#include "load.h"

enum { WORDS = 8 * MIB / 4, STRIDE_WORDS = (4096 + 64) / 4, STEPS = 8192 };

static u32 memory[WORDS];

u64 strided(u32 rounds) {
  u32 at = 0;
  for (u32 i = 0; i < WORDS; i++) memory[i] = i;
  for (u32 round = 0; round < rounds; round++)
    for (u32 i = 0; i < STEPS; i++) {
      memory[at] = memory[at] * 5 + i;
      at = (at + STRIDE_WORDS) % WORDS;
    }
  u64 sum = MIX_START;
  for (u32 i = 0; i < WORDS; i += 16) sum = mix(sum, memory[i]);
  return sum;
}
