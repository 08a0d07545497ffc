// What the loads share. They run as Linux programs and on the bare machine, in 64 and in 32 bits, with the same checksums:
// no library, no division of 64-bit numbers, no result that depends on the size of a pointer.
#pragma once
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define NOINLINE __attribute__((noinline))
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB (1u << 20)

/** A load does `rounds` times the same work, and answers a checksum over what it computed. */
typedef u64 load(u32 rounds);

/** One step of a linear congruential generator; the upper bits are the good ones. */
static inline u32 next_random(u32 *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

/** FNV-1a, a word at a time. */
static inline u64 mix(u64 sum, u64 value) { return (sum ^ value) * 0x100000001b3ull; }

#define MIX_START 0xcbf29ce484222325ull

static inline u64 mix_all(u64 sum, const u32 *words, u32 count) {
  for (u32 i = 0; i < count; i++) sum = mix(sum, words[i]);
  return sum;
}
