// Matrices: products of every type, decompositions, eigenvalues, least squares.
#include <math.h>

#include "program.h"

enum { N = 20 };

#define PRODUCT_OF(type, name)                                                   \
  static void name(void) {                                                       \
    static type a[N][N], b[N][N], c[N][N];                                       \
    u64 seed = 13;                                                               \
    for (int i = 0; i < N; i++)                                                  \
      for (int j = 0; j < N; j++) {                                              \
        a[i][j] = (type)(int)(next_random(&seed) % 201) - 100;                   \
        b[i][j] = (type)(int)(next_random(&seed) % 33) / 2;                      \
        c[i][j] = 0;                                                             \
      }                                                                          \
    for (int i = 0; i < N; i++)                                                  \
      for (int k = 0; k < N; k++)                                                \
        for (int j = 0; j < N; j++) c[i][j] += a[i][k] * b[k][j];                \
    double trace = 0;                                                            \
    for (int i = 0; i < N; i++) trace += (double)c[i][i];                        \
    printf("%s %.17g %016llx\n", #type, trace, (unsigned long long)(sizeof(type) == 16 ? 0 : hash_bytes(c, sizeof c))); \
  }

typedef long double extended;

PRODUCT_OF(int8_t, product_int8)
PRODUCT_OF(u16, product_u16)
PRODUCT_OF(int, product_int)
PRODUCT_OF(int64_t, product_int64)
PRODUCT_OF(float, product_float)
PRODUCT_OF(double, product_double)
PRODUCT_OF(extended, product_extended)

static void fill(double a[N][N], u64 seed) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = next_unit(&seed) - 0.5 + (i == j) * 3;
}

/** Gauss with pivots; answers the determinant and solves for x in place of b. */
static double solve(double a[N][N], double b[N]) {
  double determinant = 1;
  for (int column = 0; column < N; column++) {
    int pivot = column;
    for (int i = column + 1; i < N; i++)
      if (fabs(a[i][column]) > fabs(a[pivot][column])) pivot = i;
    if (pivot != column) {
      for (int j = 0; j < N; j++) {
        double kept = a[column][j];
        a[column][j] = a[pivot][j];
        a[pivot][j] = kept;
      }
      double kept = b[column];
      b[column] = b[pivot];
      b[pivot] = kept;
      determinant = -determinant;
    }
    determinant *= a[column][column];
    for (int i = column + 1; i < N; i++) {
      double factor = a[i][column] / a[column][column];
      for (int j = column; j < N; j++) a[i][j] -= factor * a[column][j];
      b[i] -= factor * b[column];
    }
  }
  for (int i = N - 1; i >= 0; i--) {
    for (int j = i + 1; j < N; j++) b[i] -= a[i][j] * b[j];
    b[i] /= a[i][i];
  }
  return determinant;
}

static void linear_system(void) {
  double a[N][N], kept[N][N], x[N], worst = 0;
  fill(a, 3);
  memcpy(kept, a, sizeof a);
  for (int i = 0; i < N; i++) x[i] = i + 1;
  double determinant = solve(a, x);
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++) sum += kept[i][j] * x[j];
    worst = fmax(worst, fabs(sum - (i + 1)));
  }
  printf("system %.17g %.17g %.17g %d\n", determinant, x[0], x[N - 1], worst < 1e-9);
}

static void cholesky(void) {
  double a[N][N], s[N][N], l[N][N] = {{0}};
  fill(a, 8);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      s[i][j] = i == j;
      for (int k = 0; k < N; k++) s[i][j] += a[i][k] * a[j][k];
    }
  for (int i = 0; i < N; i++)
    for (int j = 0; j <= i; j++) {
      double sum = s[i][j];
      for (int k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
    }
  printf("cholesky %.17g %016llx\n", l[N - 1][N - 1], (unsigned long long)hash_bytes(l, sizeof l));
}

static void eigenvalues(void) {
  double a[N][N];
  fill(a, 5);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < i; j++) a[i][j] = a[j][i];
  for (int sweep = 0; sweep < 5; sweep++)
    for (int p = 0; p < N; p++)
      for (int q = p + 1; q < N; q++) {
        if (fabs(a[p][q]) < 1e-300) continue;
        double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < N; k++) {
          double one = a[k][p], two = a[k][q];
          a[k][p] = c * one - s * two;
          a[k][q] = s * one + c * two;
        }
        for (int k = 0; k < N; k++) {
          double one = a[p][k], two = a[q][k];
          a[p][k] = c * one - s * two;
          a[q][k] = s * one + c * two;
        }
      }
  double sum = 0;
  for (int i = 0; i < N; i++) sum += a[i][i];
  printf("eigenvalues %.17g %.17g %.17g\n", a[0][0], a[N - 1][N - 1], sum);
}

static void complex_power(void) {
  float re[4][4], im[4][4], r[4][4], m[4][4];
  u64 seed = 77;
  for (int i = 0; i < 16; i++) re[i / 4][i % 4] = (float)next_unit(&seed) * 0.4f, im[i / 4][i % 4] = (float)next_unit(&seed) * 0.4f;
  for (int step = 0; step < 6; step++) {
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 4; j++) {
        r[i][j] = m[i][j] = 0;
        for (int k = 0; k < 4; k++) {
          r[i][j] += re[i][k] * re[k][j] - im[i][k] * im[k][j];
          m[i][j] += re[i][k] * im[k][j] + im[i][k] * re[k][j];
        }
      }
    memcpy(re, r, sizeof re);
    memcpy(im, m, sizeof im);
  }
  printf("complex %.9g %.9g %016llx\n", re[0][0], im[3][3], (unsigned long long)hash_bytes(re, sizeof re));
}

static void transposed_bits(void) {
  u64 rows[64], seed = 4;
  for (int i = 0; i < 64; i++) rows[i] = next_random(&seed);
  for (int width = 32, mask_shift = 0; width; width >>= 1, mask_shift++) {
    u64 mask = ~0ull / ((1ull << width) + 1);
    for (int i = 0; i < 64; i++)
      if (!(i & width)) {
        u64 exchanged = (rows[i] >> width ^ rows[i + width]) & mask;
        rows[i] ^= exchanged << width;
        rows[i + width] ^= exchanged;
      }
  }
  int ones = 0;
  for (int i = 0; i < 64; i++) ones += __builtin_popcountll(rows[i] & (1ull << i | rows[63 - i]));
  printf("bits %016llx %d\n", (unsigned long long)hash_bytes(rows, sizeof rows), ones);
}

void matrices(void) {
  product_int8(), product_u16(), product_int(), product_int64(), product_float(), product_double(), product_extended();
  linear_system(), cholesky(), eigenvalues(), complex_power(), transposed_bits();
}
