// A product of matrices in AVX2 with fused multiply-add.
#include <immintrin.h>

#include "load.h"

enum { SIDE = 96, LANES = 8 };

static float left[SIDE][SIDE], right[SIDE][SIDE] __attribute__((aligned(32))), product[SIDE][SIDE] __attribute__((aligned(32)));

static NOINLINE void multiply(void) {
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j += 4 * LANES) {
      __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
      for (int k = 0; k < SIDE; k++) {
        __m256 factor = _mm256_broadcast_ss(&left[i][k]);
        for (int lane = 0; lane < 4; lane++)
          sums[lane] = _mm256_fmadd_ps(factor, _mm256_load_ps(&right[k][j + lane * LANES]), sums[lane]);
      }
      for (int lane = 0; lane < 4; lane++) _mm256_store_ps(&product[i][j + lane * LANES], sums[lane]);
    }
}

static void take_signs_and_fractions(void) {
  const __m256i fraction = _mm256_set1_epi32(0x007fffff), one = _mm256_set1_epi32(0x3f800000);
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j += LANES) {
      __m256i bits = _mm256_castps_si256(_mm256_load_ps(&product[i][j]));
      __m256i scaled = _mm256_or_si256(_mm256_and_si256(bits, fraction), one);
      _mm256_storeu_ps(&left[i][j], _mm256_sub_ps(_mm256_castsi256_ps(scaled), _mm256_set1_ps(1.5f)));
    }
}

u64 matrix_avx2(u32 rounds) {
  u32 seed = 1;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      left[i][j] = (float)(next_random(&seed) & 0xff) / 64 - 2;
      right[i][j] = (float)(next_random(&seed) & 0xff) / 64 - 2;
    }
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    multiply();
    take_signs_and_fractions();
    u32 bits;
    __builtin_memcpy(&bits, &product[round % SIDE][round * 7 % SIDE], sizeof bits);
    sum = mix(sum, bits);
  }
  return sum;
}
