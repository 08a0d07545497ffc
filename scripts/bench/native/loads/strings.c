// rep movs and rep stos, by bytes and by words, long blocks and short ones.
#include "load.h"

#if defined(__x86_64__)
#define WORD_SUFFIX "q"
#else
#define WORD_SUFFIX "l"
#endif

enum { LONG_BYTES = 32 << 10, SHORT_BYTES = 200, SHORT_COPIES = 40 };

static u8 from[LONG_BYTES + 64] __attribute__((aligned(4096))), to[LONG_BYTES + 64] __attribute__((aligned(4096)));

static void copy_bytes(u8 *target, const u8 *source, uintptr_t count) {
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
}

static void copy_words_of(u8 *target, const u8 *source, uintptr_t bytes) {
  uintptr_t count = bytes / sizeof(void *);
  __asm__ volatile("rep movs" WORD_SUFFIX : "+D"(target), "+S"(source), "+c"(count) : : "memory");
}

static void fill_bytes(u8 *target, u8 value, uintptr_t count) {
  __asm__ volatile("rep stosb" : "+D"(target), "+c"(count) : "a"(value) : "memory");
}

static void clear_words(u8 *target, uintptr_t bytes) {
  uintptr_t count = bytes / sizeof(void *), zero = 0;
  __asm__ volatile("rep stos" WORD_SUFFIX : "+D"(target), "+c"(count) : "a"(zero) : "memory");
}

u64 strings(u32 rounds) {
  u32 seed = 1;
  for (u32 i = 0; i < LONG_BYTES; i++) from[i] = (u8)next_random(&seed);
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    copy_words_of(to, from, LONG_BYTES);
    copy_bytes(from + (round & 31), to, LONG_BYTES - 64);
    for (u32 i = 0; i < SHORT_COPIES; i++) copy_bytes(to + i * 7, from + i * 300, SHORT_BYTES + i);
    sum = mix(sum, to[round % 400] | (u32)from[round % LONG_BYTES] << 8);
    fill_bytes(to, (u8)round, LONG_BYTES);
    clear_words(to + 512, LONG_BYTES / 2);
  }
  return mix_all(sum, (u32 *)to, LONG_BYTES / 4);
}
