// Arrays of small integers in vectors of 16 bytes: sums, products, comparisons, saturation, packing.
#include <emmintrin.h>

#include "load.h"

enum { VECTORS = 512 };

static __m128i pixels[VECTORS], weights[VECTORS], blended[VECTORS], sums[VECTORS];

static NOINLINE void blend(__m128i half) {
  const __m128i zero = _mm_setzero_si128();
  for (int i = 0; i < VECTORS; i++) {
    __m128i low = _mm_mullo_epi16(_mm_unpacklo_epi8(pixels[i], zero), weights[i]);
    __m128i high = _mm_mullo_epi16(_mm_unpackhi_epi8(pixels[i], zero), weights[i]);
    low = _mm_srli_epi16(_mm_adds_epu16(low, half), 6);
    high = _mm_srli_epi16(_mm_adds_epu16(high, half), 6);
    blended[i] = _mm_packus_epi16(low, high);
  }
}

static NOINLINE void accumulate(void) {
  for (int i = 0; i < VECTORS; i++) {
    __m128i products = _mm_madd_epi16(_mm_sub_epi16(blended[i], weights[i]), weights[i]);
    __m128i distance = _mm_sad_epu8(blended[i], pixels[i]);
    sums[i] = _mm_add_epi32(sums[i], _mm_xor_si128(products, _mm_slli_epi32(distance, 3)));
  }
}

static NOINLINE __m128i greatest(void) {
  __m128i most = _mm_setzero_si128();
  for (int i = 0; i < VECTORS; i++) {
    __m128i larger = _mm_cmpgt_epi32(sums[i], most);
    most = _mm_or_si128(_mm_and_si128(larger, sums[i]), _mm_andnot_si128(larger, most));
    pixels[i] = _mm_max_epu8(_mm_avg_epu8(pixels[i], blended[i]), _mm_shuffle_epi32(pixels[i], _MM_SHUFFLE(0, 3, 2, 1)));
    pixels[i] = _mm_sub_epi8(pixels[i], _mm_srai_epi16(most, 12));
  }
  return most;
}

u64 sse2_arrays(u32 rounds) {
  u32 seed = 1;
  for (u32 i = 0; i < VECTORS * 4; i++) {
    ((u32 *)pixels)[i] = next_random(&seed) * 0x01000193u;
    ((u32 *)weights)[i] = next_random(&seed) & 0x003f003f;
    ((u32 *)sums)[i] = 0;
  }
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    blend(_mm_set1_epi16((short)(round & 63)));
    accumulate();
    sum = mix(sum, (u32)_mm_cvtsi128_si32(greatest()));
  }
  return mix_all(sum, (u32 *)sums, VECTORS * 4);
}
