// Floating-point numbers printed, parsed, converted and rounded; the mathematical library.
#include <fenv.h>
#include <float.h>
#include <math.h>

#include "program.h"

static double from_bits(u64 bits) {
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static u64 bits_of(double value) {
  u64 bits;
  memcpy(&bits, &value, 8);
  return bits;
}

static void print_and_parse(void) {
  const double special[] = {0.0, -0.0, 1, -1, 0.1, 1e22, 1e23, 5e-324, DBL_MIN, DBL_MAX, DBL_EPSILON, INFINITY, -INFINITY, NAN, 9007199254740993.0, 2.5, 3.5};
  u64 seed = 99;
  char text[400];
  for (size_t i = 0; i < COUNT(special) + 50; i++) {
    double value = i < COUNT(special) ? special[i] : from_bits(next_random(&seed));
    if (isnan(value)) value = NAN;
    snprintf(text, sizeof text, "%.17g", value);
    double back = strtod(text, 0);
    printf("%s %g %e %.3f %a %d\n", text, value, value, fabs(value) < 1e15 ? value : 1, value, bits_of(back) == bits_of(value));
    if (i % 4 == 0) printf("%.25Lg %La\n", (long double)value / 3, (long double)value / 7);
  }
}

static void parse(void) {
  static const char *const texts[] = {"1", "0x1.8p3", "1e400", "1e-400", "-.5e+2x", "inf", "nan", "  12.75", "2.2250738585072011e-308",
      "1.7976931348623159e308", "0.500000000000000166533453693773481063544750213623046875", "123456789012345678901234567890", "4.9e-324", "x"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    char *end;
    double value = strtod(texts[i], &end);
    printf("%a %a %.21Lg %d\n", value, strtof(texts[i], 0), strtold(texts[i], 0), (int)(end - texts[i]));
  }
}

static void round_in_every_way(void) {
  static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (size_t m = 0; m < COUNT(modes); m++) {
    fesetround(modes[m]);
    u64 hash = 1, seed = 7;
    for (int i = 0; i < 150; i++) {
      volatile double a = (next_unit(&seed) - 0.5) * 1000, b = next_unit(&seed) * 3 + 0.001;
      volatile float c = (float)a, d = (float)(b * 1.1);
      volatile long double e = (long double)a / b;
      hash = hash * 31 + bits_of(a + b) + bits_of(a * b) * 3 + bits_of(a / b) * 5 + bits_of(sqrt(b)) * 7 + bits_of(fma(a, b, c)) * 11;
      hash = hash * 31 + bits_of((double)(c * d - c / d)) + bits_of((double)e) + bits_of((double)(e * e + 1.0L / 3));
      hash = hash * 31 + (u64)lrint(a) + (u64)llrintf(c) * 3 + (u64)lrintl(e) * 5 + bits_of(rint(a)) + bits_of(nearbyint(b));
    }
    printf("mode %zu %016llx\n", m, (unsigned long long)hash);
  }
  fesetround(FE_TONEAREST);
}

static void convert(void) {
  u64 seed = 21, hash = 1;
  for (int i = 0; i < 400; i++) {
    u64 word = next_random(&seed) >> i % 60;
    double value = (next_unit(&seed) - 0.5) * ldexp(1, i % 62);
    hash = hash * 31 + bits_of((double)word) + bits_of((double)(int64_t)word) + bits_of((double)(float)word) + bits_of((double)(int)word);
    hash = hash * 31 + (u64)(int64_t)value + (u64)(int)fmod(value, 1e9) + (u64)fabs(value) + (u64)(int64_t)(float)value;
    hash = hash * 31 + (u64)(int64_t)(long double)value + bits_of(floor(value)) + bits_of(ceil(value)) + bits_of(trunc(value)) + bits_of(round(value));
    int exponent;
    hash = hash * 31 + bits_of(frexp(value, &exponent)) + (u64)exponent + bits_of(nextafter(value, 0)) + bits_of(copysign(1, value));
    hash = hash * 31 + (u64)(fmin(value, 3) < fmax(value, -3)) + (u64)ilogb(value) + bits_of(remainder(value, 3.25)) + bits_of(fmod(value, 0.75));
  }
  printf("conversions %016llx\n", (unsigned long long)hash);
}

// Twelve digits: which of its ways of computing them the library takes depends on the processor.
static void functions(void) {
  u64 seed = 31;
  for (int i = 0; i < 12; i++) {
    double x = (next_unit(&seed) - 0.5) * 20, y = next_unit(&seed) * 5 + 0.1;
    printf("%.12g %.12g %.12g %.12g %.12g ", sin(x), cos(x), tan(x), exp(x), log(y));
    printf("%.12g %.12g %.12g %.12g %.12g ", pow(y, x), atan2(x, y), asin(x / 11), sinh(x), cbrt(x));
    printf("%.12g %.12g %.12g %.12g %.12g\n", hypot(x, y), log10(y), exp2(x), erf(x), tgamma(y));
    printf("%.18Lg %.18Lg %.18Lg %.18Lg ", sinl(x), cosl(x), expl(x), logl(y));
    printf("%.18Lg %.18Lg %.18Lg %.18Lg\n", powl(y, x), atanl(x), tanl(x), log2l(y));
    printf("%.6g %.6g %.6g %.6g\n", sinf((float)x), expf((float)x), powf((float)y, 1.5f), logf((float)y));
  }
}

static void flags(void) {
  feclearexcept(FE_ALL_EXCEPT);
  volatile double zero = 0, one = 1, three = 3, big = DBL_MAX, small = DBL_MIN;
  volatile double results[] = {one / zero, one / three, big * big, small / three, zero / zero};
  (void)results;
  printf("flags %d", fetestexcept(FE_ALL_EXCEPT));
  feclearexcept(FE_ALL_EXCEPT);
  volatile double exact = one + three;
  printf(" %d", fetestexcept(FE_ALL_EXCEPT));
  volatile long double long_zero = 0, infinite = 1 / long_zero;
  printf(" %d %g %Lg\n", fetestexcept(FE_ALL_EXCEPT), exact, infinite);
}

void floating(void) { print_and_parse(), parse(), round_in_every_way(), convert(), functions(), flags(); }
