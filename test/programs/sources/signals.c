// Signals: Fourier transforms, filters, fixed-point arithmetic, pictures.
#include <math.h>

#include "program.h"

enum { LENGTH = 256 };

static const double PI = 3.14159265358979323846;

/** By its series, so that it does not depend on the library. */
static double sine(double x) {
  x -= 2 * PI * floor(x / (2 * PI) + 0.5);
  double term = x, sum = x;
  for (int i = 1; i < 14; i++) {
    term *= -x * x / ((2 * i) * (2 * i + 1));
    sum += term;
  }
  return sum;
}

static double cosine(double x) { return sine(x + PI / 2); }

#define TRANSFORM_OF(real)                                                                  \
  static void transform_##real(real *re, real *im, int n, int direction) {                  \
    for (int i = 1, j = 0; i < n; i++) {                                                    \
      int bit = n >> 1;                                                                     \
      for (; j & bit; bit >>= 1) j ^= bit;                                                  \
      j ^= bit;                                                                             \
      if (i >= j) continue;                                                                 \
      real kept = re[i];                                                                    \
      re[i] = re[j], re[j] = kept;                                                          \
      kept = im[i];                                                                         \
      im[i] = im[j], im[j] = kept;                                                          \
    }                                                                                       \
    for (int size = 2; size <= n; size *= 2) {                                              \
      real c[LENGTH / 2], s[LENGTH / 2];                                                    \
      for (int k = 0; k < size / 2; k++) {                                                  \
        c[k] = (real)cosine(2 * PI * k / size);                                             \
        s[k] = (real)(direction * sine(2 * PI * k / size));                                 \
      }                                                                                     \
      for (int start = 0; start < n; start += size)                                         \
        for (int k = 0; k < size / 2; k++) {                                                \
          int a = start + k, b = a + size / 2;                                              \
          real x = re[b] * c[k] - im[b] * s[k], y = re[b] * s[k] + im[b] * c[k];            \
          re[b] = re[a] - x, im[b] = im[a] - y;                                             \
          re[a] += x, im[a] += y;                                                           \
        }                                                                                   \
    }                                                                                       \
  }                                                                                         \
  static void spectrum_##real(void) {                                                       \
    static real re[LENGTH], im[LENGTH];                                                     \
    u64 seed = 2;                                                                           \
    for (int i = 0; i < LENGTH; i++) re[i] = (real)(cosine(i * 0.3) + next_unit(&seed)), im[i] = 0; \
    transform_##real(re, im, LENGTH, -1);                                                   \
    int peak = 1;                                                                           \
    for (int i = 1; i < LENGTH / 2; i++)                                                    \
      if (re[i] * re[i] + im[i] * im[i] > re[peak] * re[peak] + im[peak] * im[peak]) peak = i; \
    u64 hash = hash_bytes(re, sizeof re) ^ hash_bytes(im, sizeof im);                       \
    transform_##real(re, im, LENGTH, 1);                                                    \
    printf("%s %d %.9g %016llx\n", #real, peak, (double)re[3] / LENGTH, (unsigned long long)hash); \
  }

TRANSFORM_OF(float)
TRANSFORM_OF(double)

static int16_t saturated(int value) { return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value); }

static void filter_fixed_point(void) {
  static int16_t in[1000], out[1000];
  static const int16_t taps[16] = {-120, 300, -700, 1500, -2900, 5600, -11000, 30000, 30000, -11000, 5600, -2900, 1500, -700, 300, -120};
  u64 seed = 6;
  for (size_t i = 0; i < COUNT(in); i++) in[i] = (int16_t)next_random(&seed);
  for (size_t i = 0; i < COUNT(in) - 16; i++) {
    int sum = 1 << 14;
    for (int j = 0; j < 16; j++) sum += (in[i + (size_t)j] * taps[j]) >> 1;
    out[i] = saturated(sum >> 14);
  }
  u32 absolute = 0;
  int16_t low = 0, high = 0;
  for (size_t i = 0; i < COUNT(out); i++) {
    absolute += (u32)abs(out[i]);
    low = out[i] < low ? out[i] : low;
    high = out[i] > high ? out[i] : high;
  }
  printf("fixed %016llx %u %d %d\n", (unsigned long long)hash_bytes(out, sizeof out), absolute, low, high);
}

static void filter_recursively(void) {
  double y1 = 0, y2 = 0, sum = 0;
  float z = 0, energy = 0;
  u64 seed = 44;
  for (int i = 0; i < 1500; i++) {
    double x = next_unit(&seed) - 0.5, y = 0.2 * x + 1.6 * y1 - 0.81 * y2;
    y2 = y1, y1 = y;
    sum += y * y;
    z = 0.9f * z + 0.1f * (float)x;
    energy += z * z;
  }
  printf("recursive %.17g %.17g %.9g\n", y1, sum, energy);
}

enum { WIDTH = 48, HEIGHT = 32 };

static void pictures(void) {
  static u8 picture[HEIGHT][WIDTH], blurred[HEIGHT][WIDTH], edges[HEIGHT][WIDTH];
  u64 seed = 10;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) picture[y][x] = (u8)((x - 20) * (x - 20) + (y - 16) * (y - 16) < 120 ? 220 : (int)(next_random(&seed) & 31));
  for (int y = 1; y < HEIGHT - 1; y++)
    for (int x = 1; x < WIDTH - 1; x++) {
      int sum = 8;
      for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) sum += picture[y + dy][x + dx] << (2 - abs(dx) - abs(dy));
      blurred[y][x] = (u8)(sum >> 4);
    }
  for (int y = 1; y < HEIGHT - 1; y++)
    for (int x = 1; x < WIDTH - 1; x++) {
      int gx = blurred[y][x + 1] - blurred[y][x - 1], gy = blurred[y + 1][x] - blurred[y - 1][x], g = abs(gx) + abs(gy);
      edges[y][x] = (u8)(g > 255 ? 255 : g);
    }
  u32 histogram[16] = {0};
  for (int i = 0; i < WIDTH * HEIGHT; i++) histogram[edges[i / WIDTH][i % WIDTH] >> 4]++;
  for (int i = 0; i < 16; i++) printf("%u ", histogram[i]);
  u32 luma = 0;
  for (int i = 0; i < WIDTH * HEIGHT - 2; i++) {
    const u8 *p = &picture[0][0] + i;
    luma += (u32)(p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8;
  }
  printf("%u %016llx\n", luma, (unsigned long long)hash_bytes(edges, sizeof edges));
}

static void cosine_blocks(void) {
  static float basis[8][8], block[8][8], half[8][8], coefficients[8][8];
  u64 seed = 15;
  for (int k = 0; k < 8; k++)
    for (int n = 0; n < 8; n++) basis[k][n] = (float)(cosine(PI * (2 * n + 1) * k / 16) * (k ? 0.5 : 0.35355339059327373));
  for (int i = 0; i < 64; i++) block[i / 8][i % 8] = (float)((int)(next_random(&seed) & 255) - 128);
  for (int k = 0; k < 8; k++)
    for (int n = 0; n < 8; n++) {
      half[k][n] = 0;
      for (int i = 0; i < 8; i++) half[k][n] += basis[k][i] * block[i][n];
    }
  int zeros = 0, sum = 0;
  for (int k = 0; k < 8; k++)
    for (int l = 0; l < 8; l++) {
      coefficients[k][l] = 0;
      for (int i = 0; i < 8; i++) coefficients[k][l] += half[k][i] * basis[l][i];
      int quantised = (int)lrintf(coefficients[k][l] / (float)(8 + 4 * (k + l)));
      zeros += quantised == 0;
      sum += quantised * (k * 8 + l);
    }
  printf("cosine %d %d %016llx\n", zeros, sum, (unsigned long long)hash_bytes(coefficients, sizeof coefficients));
}

static void correlate(void) {
  static float a[400];
  u64 seed = 61;
  for (int i = 0; i < 400; i++) a[i] = (float)(sine(i * 0.17) + next_unit(&seed) - 0.5);
  int best = 20;
  float most = 0;
  for (int lag = 20; lag < 60; lag++) {
    float sum = 0;
    for (int i = 0; i + lag < 400; i++) sum += a[i] * a[i + lag];
    if (sum > most) most = sum, best = lag;
  }
  printf("correlation %d %.9g\n", best, most);
}

void signals(void) {
  spectrum_float(), spectrum_double(), filter_fixed_point(), filter_recursively(), pictures(), cosine_blocks(), correlate();
}
