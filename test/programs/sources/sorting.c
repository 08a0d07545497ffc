// Sorting: integers, floating-point numbers, strings and records; by comparison and by digits.
#include "program.h"

enum { LENGTH = 700 };

static void insertion(int *a, size_t n) {
  for (size_t i = 1; i < n; i++) {
    int value = a[i];
    size_t j = i;
    for (; j > 0 && a[j - 1] > value; j--) a[j] = a[j - 1];
    a[j] = value;
  }
}

static void shell(int *a, size_t n) {
  for (size_t gap = n / 2; gap > 0; gap /= 2)
    for (size_t i = gap; i < n; i++)
      for (size_t j = i; j >= gap && a[j - gap] > a[j]; j -= gap) {
        int kept = a[j];
        a[j] = a[j - gap];
        a[j - gap] = kept;
      }
}

static void sift(int *a, size_t root, size_t n) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && a[child + 1] > a[child]) child++;
    if (a[root] >= a[child]) return;
    int kept = a[root];
    a[root] = a[child];
    a[child] = kept;
  }
}

static void heap(int *a, size_t n) {
  for (size_t i = n / 2; i-- > 0;) sift(a, i, n);
  for (size_t end = n; end-- > 1;) {
    int kept = a[0];
    a[0] = a[end];
    a[end] = kept;
    sift(a, 0, end);
  }
}

static void quick(int *a, size_t n) {
  while (n > 12) {
    int pivot = a[n / 2];
    size_t i = 0, j = n - 1;
    for (;; i++, j--) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i >= j) break;
      int kept = a[i];
      a[i] = a[j];
      a[j] = kept;
    }
    quick(a, i);
    a += i;
    n -= i;
  }
  insertion(a, n);
}

static void radix(int *a, size_t n) {
  static u32 from[LENGTH], to[LENGTH];
  for (size_t i = 0; i < n; i++) from[i] = (u32)a[i] ^ 0x80000000u;
  for (int shift = 0; shift < 32; shift += 8) {
    size_t places[257] = {0};
    for (size_t i = 0; i < n; i++) places[(from[i] >> shift & 255) + 1]++;
    for (int digit = 0; digit < 256; digit++) places[digit + 1] += places[digit];
    for (size_t i = 0; i < n; i++) to[places[from[i] >> shift & 255]++] = from[i];
    memcpy(from, to, n * sizeof *from);
  }
  for (size_t i = 0; i < n; i++) a[i] = (int)(from[i] ^ 0x80000000u);
}

static void merge(int *a, size_t n) {
  static int merged[LENGTH];
  if (n < 2) return;
  size_t half = n / 2, i = 0, j = half, k = 0;
  merge(a, half);
  merge(a + half, n - half);
  while (i < half || j < n) merged[k++] = j == n || (i < half && a[i] <= a[j]) ? a[i++] : a[j++];
  memcpy(a, merged, n * sizeof *a);
}

static int by_value(const void *left, const void *right) {
  int l = *(const int *)left, r = *(const int *)right;
  return (l > r) - (l < r);
}

static void library(int *a, size_t n) { qsort(a, n, sizeof *a, by_value); }

/** 8, 16 and 64 bits, signed and unsigned: the compiler's loops over narrow elements. */
#define SORT_OF(type)                                                       \
  static void sort_##type(void) {                                           \
    type a[200];                                                            \
    u64 seed = sizeof(type) * 77;                                           \
    for (size_t i = 0; i < COUNT(a); i++) a[i] = (type)next_random(&seed);  \
    for (size_t i = 0; i < COUNT(a); i++)                                   \
      for (size_t j = 0; j + 1 < COUNT(a) - i; j++) {                       \
        type low = a[j] < a[j + 1] ? a[j] : a[j + 1];                       \
        type high = a[j] < a[j + 1] ? a[j + 1] : a[j];                      \
        a[j] = low, a[j + 1] = high;                                        \
      }                                                                     \
    printf("%s %016llx\n", #type, (unsigned long long)hash_bytes(a, sizeof a)); \
  }

SORT_OF(int8_t)
SORT_OF(u16)
SORT_OF(int64_t)
SORT_OF(u64)

static int by_number(const void *left, const void *right) {
  double l = *(const double *)left, r = *(const double *)right;
  return (l > r) - (l < r);
}

static void sort_numbers(void) {
  double a[300];
  u64 seed = 5;
  for (size_t i = 0; i < COUNT(a); i++) a[i] = (next_unit(&seed) - 0.5) * (double)(1 << i % 20);
  qsort(a, COUNT(a), sizeof *a, by_number);
  printf("doubles %016llx %.17g %.17g\n", (unsigned long long)hash_bytes(a, sizeof a), a[0], a[COUNT(a) - 1]);
}

static int by_text(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

static void sort_texts(void) {
  static char texts[200][24];
  const char *order[200];
  u64 seed = 9;
  for (int i = 0; i < 200; i++) {
    int length = 1 + (int)(next_random(&seed) % 20);
    for (int j = 0; j < length; j++) texts[i][j] = (char)('a' + next_random(&seed) % 3);
    order[i] = texts[i];
  }
  qsort(order, 200, sizeof *order, by_text);
  for (int i = 0; i < 200; i += 23) printf("%s ", order[i]);
  printf("\n");
}

struct person {
  char name[12];
  float height;
  u16 age;
};

static int by_age_then_height(const void *left, const void *right) {
  const struct person *l = left, *r = right;
  return l->age != r->age ? l->age - r->age : (l->height > r->height) - (l->height < r->height);
}

static void sort_records(void) {
  struct person people[150];
  u64 seed = 11;
  memset(people, 0, sizeof people);
  for (size_t i = 0; i < COUNT(people); i++) {
    snprintf(people[i].name, sizeof people[i].name, "p%zu", i);
    people[i].height = (float)(1.5 + next_unit(&seed) * 0.5);
    people[i].age = (u16)(next_random(&seed) % 40);
  }
  qsort(people, COUNT(people), sizeof *people, by_age_then_height);
  for (size_t i = 0; i < COUNT(people); i += 31) printf("%s %u %.4f, ", people[i].name, people[i].age, people[i].height);
  struct person key = people[70];
  const struct person *found = bsearch(&key, people, COUNT(people), sizeof *people, by_age_then_height);
  printf("%s\n", found->name);
}

void sorting(void) {
  static void (*const ways[])(int *, size_t) = {insertion, shell, heap, quick, radix, merge, library};
  for (size_t way = 0; way < COUNT(ways); way++) {
    int a[LENGTH];
    u64 seed = 1234567;
    for (int i = 0; i < LENGTH; i++) a[i] = i % 3 ? (int)next_random(&seed) : i - 300;
    ways[way](a, LENGTH);
    printf("%zu %016llx %d %d\n", way, (unsigned long long)hash_bytes(a, sizeof a), a[0], a[LENGTH - 1]);
  }
  sort_int8_t(), sort_u16(), sort_int64_t(), sort_u64();
  sort_numbers(), sort_texts(), sort_records();
}
