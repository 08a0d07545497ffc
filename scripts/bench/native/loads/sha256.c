// SHA-256, as FIPS 180-4 describes it: rotations, additions and logic of 32 bits.
#include "load.h"

enum { STEPS = 64, BLOCK_WORDS = 16 };

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const u32 constants[STEPS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 x, int bits) { return x >> bits | x << (32 - bits); }

static NOINLINE void hash_block(u32 state[8], const u32 block[BLOCK_WORDS]) {
  u32 w[STEPS];
  for (int i = 0; i < BLOCK_WORDS; i++) w[i] = __builtin_bswap32(block[i]);
  for (int i = BLOCK_WORDS; i < STEPS; i++) {
    u32 early = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 late = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + early + w[i - 7] + late;
  }
  u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < STEPS; i++) {
    u32 choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);
    u32 one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + constants[i] + w[i];
    u32 two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  const u32 now[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += now[i];
}

u64 sha256(u32 rounds) {
  enum { BLOCKS = 16 };
  static u32 message[BLOCKS][BLOCK_WORDS];
  u32 state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}, seed = 1;
  for (int i = 0; i < BLOCKS; i++)
    for (int j = 0; j < BLOCK_WORDS; j++) message[i][j] = next_random(&seed);
  for (u32 round = 0; round < rounds; round++)
    for (int i = 0; i < BLOCKS; i++) hash_block(state, message[i]);
  return mix_all(MIX_START, state, 8);
}
