// Integers of any length: products, quotients, powers, primes, digits of pi.
#include "program.h"

enum { LIMBS = 90 };

typedef unsigned __int128 u128;

struct big {
  int length;
  u64 limbs[LIMBS];
};

static void trim(struct big *a) {
  while (a->length && !a->limbs[a->length - 1]) a->length--;
}

static struct big small(u64 value) {
  struct big a = {1, {value}};
  trim(&a);
  return a;
}

static int compare(const struct big *a, const struct big *b) {
  if (a->length != b->length) return a->length < b->length ? -1 : 1;
  for (int i = a->length - 1; i >= 0; i--)
    if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
  return 0;
}

static struct big sum(const struct big *a, const struct big *b) {
  struct big result = {0, {0}};
  int length = a->length > b->length ? a->length : b->length;
  unsigned long long carry = 0;
  for (int i = 0; i < length; i++) {
    unsigned long long one, two, c1, c2;
    c1 = __builtin_add_overflow(i < a->length ? a->limbs[i] : 0, i < b->length ? b->limbs[i] : 0, &one);
    c2 = __builtin_add_overflow(one, carry, &two);
    result.limbs[i] = two;
    carry = c1 | c2;
  }
  result.limbs[length] = carry;
  result.length = length + 1;
  trim(&result);
  return result;
}

static struct big difference(const struct big *a, const struct big *b) {
  struct big result = {a->length, {0}};
  u64 borrow = 0;
  for (int i = 0; i < a->length; i++) {
    u128 d = (u128)a->limbs[i] - (i < b->length ? b->limbs[i] : 0) - borrow;
    result.limbs[i] = (u64)d;
    borrow = (u64)(d >> 64) & 1;
  }
  trim(&result);
  return result;
}

static struct big product(const struct big *a, const struct big *b) {
  struct big result = {a->length + b->length, {0}};
  for (int i = 0; i < a->length; i++) {
    u64 carry = 0;
    for (int j = 0; j < b->length; j++) {
      u128 t = (u128)a->limbs[i] * b->limbs[j] + result.limbs[i + j] + carry;
      result.limbs[i + j] = (u64)t;
      carry = (u64)(t >> 64);
    }
    result.limbs[i + b->length] = carry;
  }
  trim(&result);
  return result;
}

/** Divides in place by one limb; answers the remainder. */
static u64 divide_small(struct big *a, u64 divisor) {
  u64 rest = 0;
  for (int i = a->length - 1; i >= 0; i--) {
    u128 part = (u128)rest << 64 | a->limbs[i];
    a->limbs[i] = (u64)(part / divisor);
    rest = (u64)(part % divisor);
  }
  trim(a);
  return rest;
}

static struct big shifted(const struct big *a, int bits) {
  struct big result = {a->length + bits / 64 + 1, {0}};
  for (int i = 0; i < a->length; i++) {
    u128 wide = (u128)a->limbs[i] << bits % 64;
    result.limbs[i + bits / 64] |= (u64)wide;
    result.limbs[i + bits / 64 + 1] |= (u64)(wide >> 64);
  }
  trim(&result);
  return result;
}

static int bit_length(const struct big *a) {
  return a->length ? 64 * a->length - __builtin_clzll(a->limbs[a->length - 1]) : 0;
}

static struct big remainder_of(struct big a, const struct big *divisor) {
  for (int shift = bit_length(&a) - bit_length(divisor); shift >= 0; shift--) {
    struct big multiple = shifted(divisor, shift);
    if (compare(&a, &multiple) >= 0) a = difference(&a, &multiple);
  }
  return a;
}

static struct big power(struct big base, const struct big *exponent, const struct big *modulus) {
  struct big result = small(1);
  for (int bit = 0; bit < bit_length(exponent); bit++) {
    if (exponent->limbs[bit / 64] >> bit % 64 & 1) {
      struct big next = product(&result, &base);
      result = remainder_of(next, modulus);
    }
    struct big square = product(&base, &base);
    base = remainder_of(square, modulus);
  }
  return result;
}

static void print(const char *what, struct big a) {
  char digits[2000];
  int at = sizeof digits;
  digits[--at] = 0;
  do {
    u64 part = a.length ? divide_small(&a, 1000000000000000000u) : 0;
    for (int i = 0; i < 18 && (a.length || part || i == 0); i++, part /= 10) digits[--at] = (char)('0' + part % 10);
  } while (a.length);
  printf("%s %s\n", what, digits + at);
}

static u64 power_mod(u64 base, u64 exponent, u64 modulus) {
  u64 result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = (u64)((u128)result * base % modulus);
    base = (u64)((u128)base * base % modulus);
  }
  return result;
}

static int is_prime(u64 n) {
  static const u64 witnesses[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  for (size_t i = 0; i < COUNT(witnesses); i++)
    if (n % witnesses[i] == 0) return n == witnesses[i];
  int twos = __builtin_ctzll(n - 1);
  for (size_t i = 0; i < COUNT(witnesses); i++) {
    u64 x = power_mod(witnesses[i], (n - 1) >> twos, n);
    int maybe = x == 1 || x == n - 1;
    for (int j = 1; j < twos && !maybe; j++) maybe = (x = (u64)((u128)x * x % n)) == n - 1;
    if (!maybe) return 0;
  }
  return n > 1;
}

static u64 common_divisor(u64 a, u64 b) {
  int shift = __builtin_ctzll(a | b);
  a >>= __builtin_ctzll(a);
  while (b) {
    b >>= __builtin_ctzll(b);
    if (a > b) {
      u64 kept = a;
      a = b;
      b = kept;
    }
    b -= a;
  }
  return a << shift;
}

static void print_pi(void) {
  enum { DIGITS = 60, CELLS = DIGITS * 10 / 3 + 1 };
  static u32 cells[CELLS];
  for (int i = 0; i < CELLS; i++) cells[i] = 2;
  u32 held = 0, nines = 0;
  for (int digit = 0; digit < DIGITS; digit++) {
    u32 carry = 0;
    for (int i = CELLS - 1; i >= 0; i--) {
      u32 value = cells[i] * 10 + carry * (u32)(i + 1), divisor = i ? 2 * (u32)i + 1 : 10;
      cells[i] = value % divisor;
      carry = value / divisor;
    }
    if (carry == 9) {
      nines++;
      continue;
    }
    if (digit) printf("%u", held + carry / 10);
    for (; nines; nines--) printf("%u", carry >= 10 ? 0u : 9u);
    held = carry % 10;
  }
  printf("\n");
}

void big_integers(void) {
  struct big factorial = small(1), a = small(0), b = small(1);
  for (u64 i = 2; i <= 100; i++) {
    struct big factor = small(i);
    factorial = product(&factorial, &factor);
  }
  print("100!", factorial);
  for (int i = 0; i < 400; i++) {
    struct big next = sum(&a, &b);
    a = b;
    b = next;
  }
  print("fibonacci", a);
  print("difference", difference(&factorial, &a));
  struct big modulus = shifted(&b, 3), base = small(3), exponent = small(0xfedcba9876543u);
  modulus = difference(&modulus, &base);
  print("power", power(base, &exponent, &modulus));
  printf("primes");
  for (u64 n = (1ull << 61) - 100; n < (1ull << 61) + 40; n++)
    if (is_prime(n)) printf(" %llu", (unsigned long long)n);
  printf("\n%llu %llu\n", (unsigned long long)common_divisor(1ull << 40, 6ull << 35), (unsigned long long)common_divisor(600851475143u * 9, 71 * 839 * 27));
  __int128 wide = ((__int128)-123456789012345678 * 987654321987654321) / 1234567;
  printf("%lld %llu %lld\n", (long long)(wide >> 64), (unsigned long long)wide, (long long)(wide % 1000003));
  print_pi();
}
