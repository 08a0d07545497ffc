// Bodies that attract each other. Compiled twice: with SSE2 and with x87 arithmetic, which differ in their last digits.
#include "load.h"

enum { BODIES = 6, STEPS = 100 };

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static const struct body at_first[BODIES] = {
    {0, 0, 0, 0, 0, 0, 40},           {5, -1, 0.25, 0.5, 2.5, 0, 0.04},     {-8, 4, 0.5, -1, -2, 0.01, 0.012},
    {12, 15, -0.2, -1.1, 0.9, 0, 0.002}, {15, -26, 0.2, 1, 0.6, -0.03, 0.002}, {-2, 2.5, 1, 2.7, 1.9, 0.2, 0.0001},
};

static void attract(struct body *one, struct body *other, double step) {
  double dx = one->x - other->x, dy = one->y - other->y, dz = one->z - other->z;
  double squared = dx * dx + dy * dy + dz * dz + 0.01;
  double factor = step / (squared * __builtin_sqrt(squared));
  one->vx -= dx * other->mass * factor;
  one->vy -= dy * other->mass * factor;
  one->vz -= dz * other->mass * factor;
  other->vx += dx * one->mass * factor;
  other->vy += dy * one->mass * factor;
  other->vz += dz * one->mass * factor;
}

static NOINLINE void advance(struct body *bodies, double step) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) attract(&bodies[i], &bodies[j], step);
  for (int i = 0; i < BODIES; i++) {
    bodies[i].x += step * bodies[i].vx;
    bodies[i].y += step * bodies[i].vy;
    bodies[i].z += step * bodies[i].vz;
  }
}

u64 NBODY(u32 rounds) {
  struct body bodies[BODIES];
  u64 sum = MIX_START;
  for (u32 round = 0; round < rounds; round++) {
    if (round % 64 == 0) __builtin_memcpy(bodies, at_first, sizeof bodies);
    for (int i = 0; i < STEPS; i++) advance(bodies, 0.001);
    u64 bits;
    __builtin_memcpy(&bits, &bodies[round % BODIES].x, sizeof bits);
    sum = mix(sum, bits);
  }
  return sum;
}
