// Hashing: checksums, digests and tables.
#include "program.h"

enum { BYTES = 5000 };

static u8 message[BYTES];

static u32 crc32_by_bits(const u8 *bytes, size_t length) {
  u32 crc = ~0u;
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

static u32 crc32_by_tables(const u8 *bytes, size_t length) {
  static u32 tables[4][256];
  for (u32 i = 0; i < 256; i++) {
    u32 crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    tables[0][i] = crc;
  }
  for (int t = 1; t < 4; t++)
    for (u32 i = 0; i < 256; i++) tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 255];
  u32 crc = ~0u;
  for (; length >= 4; bytes += 4, length -= 4) {
    u32 word;
    memcpy(&word, bytes, 4);
    crc ^= word;
    crc = tables[3][crc & 255] ^ tables[2][crc >> 8 & 255] ^ tables[1][crc >> 16 & 255] ^ tables[0][crc >> 24];
  }
  while (length--) crc = crc >> 8 ^ tables[0][(crc ^ *bytes++) & 255];
  return ~crc;
}

static u32 adler32(const u8 *bytes, size_t length) {
  u32 a = 1, b = 0;
  for (size_t i = 0; i < length; i++) {
    a = (a + bytes[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

static u16 fletcher16(const u8 *bytes, size_t length) {
  u16 a = 0, b = 0;
  for (size_t i = 0; i < length; i++) {
    a = (u16)((a + bytes[i]) % 255);
    b = (u16)((b + a) % 255);
  }
  return (u16)(b << 8 | a);
}

static u32 left(u32 x, int bits) { return x << bits | x >> (32 - bits); }
static u64 left64(u64 x, int bits) { return x << bits | x >> (64 - bits); }

static void sha1_block(u32 h[5], const u8 *block) {
  u32 w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++) memcpy(&w[i], block + 4 * i, 4), w[i] = __builtin_bswap32(w[i]);
  for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    u32 f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    u32 k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
    u32 next = left(a, 5) + f + e + k + w[i];
    e = d, d = c, c = left(b, 30), b = a, a = next;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static void print_sha1(const u8 *bytes, u64 length) {
  u32 h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  u8 last[128] = {0};
  size_t whole = length / 64 * 64, rest = length - whole, end = rest < 56 ? 64 : 128;
  for (size_t i = 0; i < whole; i += 64) sha1_block(h, bytes + i);
  memcpy(last, bytes + whole, rest);
  last[rest] = 0x80;
  for (int i = 0; i < 8; i++) last[end - 1 - i] = (u8)(length * 8 >> 8 * i);
  for (size_t i = 0; i < end; i += 64) sha1_block(h, last + i);
  printf("sha1 %08x%08x%08x%08x%08x\n", h[0], h[1], h[2], h[3], h[4]);
}

static u64 siphash(const u8 key[16], const u8 *bytes, size_t length) {
  u64 k[2], v[4], word;
  memcpy(k, key, 16);
  v[0] = k[0] ^ 0x736f6d6570736575, v[1] = k[1] ^ 0x646f72616e646f6d;
  v[2] = k[0] ^ 0x6c7967656e657261, v[3] = k[1] ^ 0x7465646279746573;
#define ROUND                                                                          \
  v[0] += v[1], v[1] = left64(v[1], 13) ^ v[0], v[0] = left64(v[0], 32);               \
  v[2] += v[3], v[3] = left64(v[3], 16) ^ v[2];                                        \
  v[0] += v[3], v[3] = left64(v[3], 21) ^ v[0];                                        \
  v[2] += v[1], v[1] = left64(v[1], 17) ^ v[2], v[2] = left64(v[2], 32);
  for (size_t i = 0; i + 8 <= length; i += 8) {
    memcpy(&word, bytes + i, 8);
    v[3] ^= word;
    ROUND ROUND v[0] ^= word;
  }
  word = (u64)length << 56;
  for (size_t i = 0; i < length % 8; i++) word |= (u64)bytes[length / 8 * 8 + i] << 8 * i;
  v[3] ^= word;
  ROUND ROUND v[0] ^= word;
  v[2] ^= 255;
  ROUND ROUND ROUND ROUND return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static u64 multiplied(const u8 *bytes, size_t length) {
  unsigned __int128 hash = 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i + 8 <= length; i += 8) {
    u64 word;
    memcpy(&word, bytes + i, 8);
    hash = (unsigned __int128)((u64)hash ^ word) * 0xd6e8feb86659fd93u;
    hash ^= hash >> 64;
  }
  return (u64)hash;
}

struct entry {
  u32 key, count;
};

static void count_in_table(void) {
  static struct entry table[1024];
  u64 seed = 3;
  for (int i = 0; i < 4000; i++) {
    u32 key = (u32)(next_random(&seed) % 500) * 7919 + 1, at = key * 2654435761u >> 22;
    while (table[at].key && table[at].key != key) at = (at + 1) % 1024;
    table[at].key = key;
    table[at].count++;
  }
  u32 used = 0, most = 0, bits = 0;
  for (u32 i = 0; i < 1024; i++) {
    used += table[i].key != 0;
    most = table[i].count > most ? table[i].count : most;
    bits += (u32)__builtin_popcount(table[i].key) + (table[i].key ? (u32)__builtin_ctz(table[i].key) : 0);
  }
  printf("table %u %u %u %016llx\n", used, most, bits, (unsigned long long)hash_bytes(table, sizeof table));
}

void hashing(void) {
  static const u8 key[16] = "sixteen letters";
  u64 seed = 42;
  for (int i = 0; i < BYTES; i++) message[i] = (u8)next_random(&seed);
  const size_t lengths[] = {0, 1, 7, 55, 56, 63, 64, 100, 1001, BYTES};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    size_t n = lengths[i];
    printf("%zu %08x %08x %08x %04x ", n, crc32_by_bits(message, n), crc32_by_tables(message, n), adler32(message, n), fletcher16(message, n));
    printf("%016llx %016llx ", (unsigned long long)siphash(key, message, n), (unsigned long long)multiplied(message, n));
    print_sha1(message, n);
  }
  count_in_table();
}
