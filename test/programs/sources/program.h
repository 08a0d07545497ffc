// What the programs share: each prints what it computed, and a run of a few milliseconds shows as much as possible of the compiler's code.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline u64 next_random(u64 *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static inline double next_unit(u64 *state) { return (double)(next_random(state) >> 11) * 0x1p-53; }

static inline u64 hash_bytes(const void *bytes, size_t length) {
  u64 hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ ((const u8 *)bytes)[i]) * 0x100000001b3u;
  return hash;
}
