// Compression: repeated strings, codes of varying length, arithmetic coding, sorting of rotations; all of them undone again.
#include "program.h"

enum { BYTES = 3000, ROOM = 2 * BYTES + 1024 };

static u8 original[BYTES];

static void make_text(void) {
  static const char *const words[] = {"half", "cell", "copper", "zinc", "ion", "the ", "volt", ", ", "and ", "a ", "\n"};
  u64 seed = 17;
  for (size_t at = 0; at < BYTES;) {
    const char *word = words[next_random(&seed) % COUNT(words) * (next_random(&seed) % 3 != 0)];
    for (; *word && at < BYTES; word++) original[at++] = (u8)*word;
  }
}

static void report(const char *name, const u8 *packed, size_t length, const u8 *back) {
  printf("%s %zu %016llx %s\n", name, length, (unsigned long long)hash_bytes(packed, length), memcmp(back, original, BYTES) ? "LOST" : "same");
}

static size_t run_lengths(const u8 *from, size_t length, u8 *to) {
  size_t n = 0;
  for (size_t i = 0, run; i < length; i += run) {
    for (run = 1; i + run < length && run < 255 && from[i + run] == from[i]; run++) continue;
    to[n++] = (u8)run;
    to[n++] = from[i];
  }
  return n;
}

static void repeated_strings(void) {
  static u8 packed[ROOM], back[BYTES];
  static int heads[4096], links[BYTES];
  size_t n = 0, at = 0, out = 0;
  memset(heads, 255, sizeof heads);
  while (at < BYTES) {
    int best = 0, distance = 0;
    u32 hash = at + 3 <= BYTES ? (original[at] * 65599u + original[at + 1] * 257u + original[at + 2]) % 4096 : 0;
    int candidate = at + 3 <= BYTES ? heads[hash] : -1;
    for (int tries = 0; candidate >= 0 && tries < 30; tries++, candidate = links[candidate]) {
      int length = 0;
      while (at + (size_t)length < BYTES && length < 130 && original[candidate + length] == original[at + (size_t)length]) length++;
      if (length > best) best = length, distance = (int)at - candidate;
    }
    int taken = best >= 4 ? best : 1;
    if (best >= 4) packed[n++] = (u8)(128 + best - 4), packed[n++] = (u8)distance, packed[n++] = (u8)(distance >> 8);
    else packed[n++] = original[at] & 127;
    for (; taken; taken--, at++) {
      if (at + 3 > BYTES) continue;
      u32 slot = (original[at] * 65599u + original[at + 1] * 257u + original[at + 2]) % 4096;
      links[at] = heads[slot];
      heads[slot] = (int)at;
    }
  }
  for (size_t i = 0; i < n;) {
    if (packed[i] < 128) {
      back[out++] = packed[i++];
      continue;
    }
    int length = packed[i] - 128 + 4, distance = packed[i + 1] | packed[i + 2] << 8;
    for (; length; length--, out++) back[out] = back[out - (size_t)distance];
    i += 3;
  }
  report("strings", packed, n, back);
}

struct node {
  u32 weight;
  int left, right;
};

static struct node nodes[512];
static u32 codes[256], code_lengths[256];

static void assign(int node, u32 code, u32 length) {
  if (nodes[node].left < 0) {
    codes[node] = code;
    code_lengths[node] = length ? length : 1;
    return;
  }
  assign(nodes[node].left, code, length + 1);
  assign(nodes[node].right, code | 1u << length, length + 1);
}

static int lightest(u8 *used, int count) {
  int best = -1;
  for (int i = 0; i < count; i++)
    if (!used[i] && nodes[i].weight && (best < 0 || nodes[i].weight < nodes[best].weight)) best = i;
  if (best >= 0) used[best] = 1;
  return best;
}

static void code_by_frequency(void) {
  static u8 packed[ROOM], back[BYTES];
  u8 used[512] = {0};
  int count = 256, root = -1;
  for (int i = 0; i < 256; i++) nodes[i] = (struct node){0, -1, -1};
  for (int i = 0; i < BYTES; i++) nodes[original[i]].weight++;
  for (;;) {
    int one = lightest(used, count), other = lightest(used, count);
    if (other < 0) {
      root = one;
      break;
    }
    nodes[count++] = (struct node){nodes[one].weight + nodes[other].weight, one, other};
  }
  assign(root, 0, 0);
  u64 bits = 0;
  for (int i = 0; i < BYTES; i++)
    for (u32 bit = 0; bit < code_lengths[original[i]]; bit++, bits++)
      packed[bits / 8] |= (u8)((codes[original[i]] >> bit & 1) << bits % 8);
  u64 at = 0;
  for (int i = 0; i < BYTES; i++) {
    int node = root;
    while (nodes[node].left >= 0) {
      node = packed[at / 8] >> at % 8 & 1 ? nodes[node].right : nodes[node].left;
      at++;
    }
    back[i] = (u8)node;
  }
  report("frequency", packed, (bits + 7) / 8, back);
}

/** A binary arithmetic coder with adaptive probabilities, as in LZMA. */
struct coder {
  u8 *at;
  u64 low;
  u32 range, code;
  u16 chances[256];
};

static void reset(struct coder *coder, u8 *at) {
  *coder = (struct coder){.at = at, .range = ~0u};
  for (int i = 0; i < 256; i++) coder->chances[i] = 1024;
}

static void carry(u8 *at) {
  while (++*--at == 0) continue;
}

static void encode_bit(struct coder *coder, u16 *chance, int bit) {
  u32 bound = (coder->range >> 11) * *chance;
  if (bit) {
    coder->low += bound;
    coder->range -= bound;
    *chance = (u16)(*chance - (*chance >> 5));
  } else {
    coder->range = bound;
    *chance = (u16)(*chance + ((2048 - *chance) >> 5));
  }
  while (coder->range < 1u << 24) {
    if (coder->low >> 32) carry(coder->at);
    coder->low &= 0xffffffffu;
    *coder->at++ = (u8)(coder->low >> 24);
    coder->low = coder->low << 8 & 0xffffffffu;
    coder->range <<= 8;
  }
  if (coder->low >> 32) carry(coder->at), coder->low &= 0xffffffffu;
}

static int decode_bit(struct coder *coder, u16 *chance) {
  u32 bound = (coder->range >> 11) * *chance;
  int bit = coder->code >= bound;
  if (bit) {
    coder->code -= bound;
    coder->range -= bound;
    *chance = (u16)(*chance - (*chance >> 5));
  } else {
    coder->range = bound;
    *chance = (u16)(*chance + ((2048 - *chance) >> 5));
  }
  while (coder->range < 1u << 24) {
    coder->code = coder->code << 8 | *coder->at++;
    coder->range <<= 8;
  }
  return bit;
}

static void code_arithmetically(void) {
  static u8 packed[ROOM], back[BYTES];
  struct coder coder;
  reset(&coder, packed + 1);
  for (int i = 0; i < BYTES; i++)
    for (int bit = 7, tree = 1; bit >= 0; bit--) {
      int value = original[i] >> bit & 1;
      encode_bit(&coder, &coder.chances[tree], value);
      tree = tree * 2 + value;
    }
  for (int i = 0; i < 4; i++) *coder.at++ = (u8)(coder.low >> (24 - 8 * i));
  size_t length = (size_t)(coder.at - packed);
  reset(&coder, packed + 1);
  for (int i = 0; i < 4; i++) coder.code = coder.code << 8 | *coder.at++;
  for (int i = 0; i < BYTES; i++) {
    int tree = 1;
    while (tree < 256) tree = tree * 2 + decode_bit(&coder, &coder.chances[tree]);
    back[i] = (u8)tree;
  }
  report("arithmetic", packed, length, back);
}

enum { BLOCK = 400 };

static const u8 *rotated;

static int by_rotation(const void *left, const void *right) {
  u32 l = *(const u32 *)left, r = *(const u32 *)right;
  int head = memcmp(rotated + l, rotated + r, BLOCK);
  return head ? head : (int)l - (int)r;
}

static void sort_rotations(void) {
  static u8 twice[2 * BLOCK], last[BLOCK], fronted[BLOCK], packed[ROOM], back[BLOCK];
  u32 order[BLOCK], primary = 0, counts[257] = {0}, next[BLOCK];
  memcpy(twice, original, BLOCK);
  memcpy(twice + BLOCK, original, BLOCK);
  rotated = twice;
  for (u32 i = 0; i < BLOCK; i++) order[i] = i;
  qsort(order, BLOCK, sizeof *order, by_rotation);
  for (u32 i = 0; i < BLOCK; i++) {
    last[i] = twice[order[i] + BLOCK - 1];
    if (order[i] == 0) primary = i;
  }
  u8 list[256];
  for (int i = 0; i < 256; i++) list[i] = (u8)i;
  for (int i = 0; i < BLOCK; i++) {
    u8 *place = memchr(list, last[i], 256);
    fronted[i] = (u8)(place - list);
    memmove(list + 1, list, fronted[i]);
    list[0] = last[i];
  }
  size_t length = run_lengths(fronted, BLOCK, packed);
  for (int i = 0; i < BLOCK; i++) counts[last[i] + 1]++;
  for (int i = 0; i < 256; i++) counts[i + 1] += counts[i];
  for (u32 i = 0; i < BLOCK; i++) next[counts[last[i]]++] = i;
  for (u32 i = 0, at = next[primary]; i < BLOCK; i++, at = next[at]) back[i] = last[at];
  printf("rotations %zu %u %016llx %s\n", length, primary, (unsigned long long)hash_bytes(packed, length), memcmp(back, original, BLOCK) ? "LOST" : "same");
}

void compression(void) {
  make_text();
  printf("%.60s\n", (const char *)original);
  repeated_strings(), code_by_frequency(), code_arithmetically(), sort_rotations();
}
