// floating point through printf, scanf, math and long double
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  double values[] = {0, -0.0, 1, 0.1, 1.0 / 3, 1e300, 5e-324, DBL_MAX, 123456789.125, -2.5, 1e15, 1e16, 1e-5, INFINITY, NAN};
  for (int i = 0; i < 15; i++) printf("%g %e %f %.17g %a\n", values[i], values[i], values[i] > 1e100 ? 1 : values[i], values[i], values[i]);
  long double l = 1.0L / 3; printf("%.21Lg %La %Lf\n", l, l, l * 3e10L);
  printf("%.15g %.15g %.15g %.15g\n", sin(1), exp(1), log(10), pow(2, 0.5)); printf("%.18Lg %.18Lg\n", sqrtl(2), sinl(1)); printf("%g %g %g %ld\n", floor(-1.5), ceil(1.2), fmod(7, 3), lrint(2.5));
  double d; float f; long double e; printf("%d ", sscanf("0x1.8p3 3.14159265358979 1e-4940", "%lf %f %Lf", &d, &f, &e)); printf("%g %.9g %Lg\n", d, f, e); printf("%.17g %.17g\n", strtod("2.2250738585072011e-308", 0), atof("179769313486231580793e289"));
  unsigned seed = 7; double sum = 0; for (int i = 0; i < 10000; i++) { seed = seed * 1664525 + 1013904223; sum += sqrt(seed) / (i + 1); } printf("%.17g\n", sum);
  float g = 0; for (int i = 1; i < 1000; i++) g += 1.0f / i; printf("%.9g %d %d\n", g, (int)-3.9, (unsigned)3e9); printf("%d %d %d\n", isnan(NAN), isinf(-INFINITY), signbit(-0.0) != 0); printf("%.*f\n", 30, 0.1);
  return 0;
}
