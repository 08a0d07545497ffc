// Words copied one at a time: between neighbours, and between blocks that lie exactly 1 MiB apart, where tables that are indexed by
// some bits of an address have both in one place.
#include "load.h"

// As wide as a general register.
typedef uintptr_t word;

enum { BLOCK_BYTES = 64 << 10, BLOCK_WORDS = BLOCK_BYTES / sizeof(word) };

static u32 memory[2 * MIB / 4] __attribute__((aligned(4096)));

static NOINLINE void copy_block(word *to, const word *from) {
  for (u32 i = 0; i < BLOCK_WORDS; i++) to[i] = from[i];
}

static u64 copied(u32 rounds, u32 distance_bytes) {
  u32 *from = memory, *to = memory + distance_bytes / 4, seed = 1;
  for (u32 i = 0; i < BLOCK_BYTES / 4; i++) from[i] = next_random(&seed);
  for (u32 round = 0; round < rounds; round++) {
    copy_block((word *)to, (word *)from);
    from[(round * 8191) % (BLOCK_BYTES / 4)] ^= to[round % (BLOCK_BYTES / 4)];
  }
  return mix_all(MIX_START, to, BLOCK_BYTES / 4);
}

u64 copy_words(u32 rounds) { return copied(rounds, BLOCK_BYTES); }

u64 copy_distant(u32 rounds) { return copied(rounds, MIB); }
