// A chain of pointers through 4 MiB in random order.
#include "load.h"

struct node {
  struct node *next;
  u32 number;
  u8 unused[64 - sizeof(void *) - 4];
};

enum { NODES = 4 * MIB / sizeof(struct node), STEPS = 1024 };

static struct node nodes[NODES];

static void shuffle(void) {
  static u32 order[NODES];
  u32 seed = 1;
  for (u32 i = 0; i < NODES; i++) order[i] = i;
  for (u32 i = NODES - 1; i > 0; i--) {
    u32 other = next_random(&seed) % (i + 1), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  for (u32 i = 0; i < NODES; i++) {
    nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
    nodes[order[i]].number = i;
  }
}

u64 pointers(u32 rounds) {
  shuffle();
  const struct node *at = nodes;
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < STEPS; i++) at = at->next;
    sum = mix(sum, at->number);
  }
  return sum;
}
