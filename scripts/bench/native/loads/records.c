// What systems programs of the eighties did most: records and pointers to them, enumerations, short strings, small procedures,
// arrays of one and two dimensions.
#include "load.h"

enum colour { RED, GREEN, BLUE, YELLOW, BLACK };

struct record {
  struct record *link;
  enum colour colour;
  int number;
  char text[32];
};

enum { SIDE = 50, TEXT_BYTES = 32 };

static struct record first, second;
static int global, row[SIDE], grid[SIDE][SIDE];
static char letter_one, letter_two;

static NOINLINE void copy_text(char *to, const char *from) {
  while ((*to++ = *from++)) continue;
}

static NOINLINE int compare_texts(const char *left, const char *right) {
  while (*left && *left == *right) left++, right++;
  return (u8)*left - (u8)*right;
}

static NOINLINE int add_two(int left, int right) { return left + 2 + right; }

static NOINLINE enum colour mixed(enum colour colour) {
  switch (colour) {
    case RED: return global > 100 ? RED : YELLOW;
    case GREEN: return BLUE;
    case BLUE: return GREEN;
    default: return BLACK;
  }
}

static NOINLINE void fill_arrays(int at, int value) {
  int place = at + 5;
  row[place] = value;
  row[place + 1] = row[place];
  row[place + 20] = place;
  for (int column = place; column <= place + 1; column++) grid[place][column] = place;
  grid[place][place - 1]++;
  grid[place + 20][place] = row[place];
  global = 5;
}

static NOINLINE int letters_differ(char left, char right) {
  char kept = left;
  if (kept != right) return 1;
  letter_one = kept;
  return 0;
}

static NOINLINE int texts_in_order(const char *left, const char *right) {
  int at = 2;
  char letter = 0;
  while (at <= 2)
    if (!letters_differ(left[at], right[at + 1])) {
      letter = 'A';
      at++;
    } else {
      at += 2;
    }
  if (letter >= 'W' && letter < 'Z') at = 7;
  if (compare_texts(left, right) <= 0) return 0;
  global = at + 7;
  return 1;
}

static NOINLINE void follow(struct record *record) {
  struct record *next = record->link;
  *next = *record;
  next->number = record->number = 5;
  next->link = record->link;
  if (next->colour == BLACK) {
    next->number = add_two(6, next->number);
    next->colour = mixed(record->colour);
  } else {
    *record = *next;
  }
}

u64 records(u32 rounds) {
  char one[TEXT_BYTES], two[TEXT_BYTES];
  u64 sum = MIX_START;
  __builtin_memset(row, 0, sizeof row);
  __builtin_memset(grid, 0, sizeof grid);
  __builtin_memset(&second, 0, sizeof second);
  global = 0;
  first.number = 0;
  first.link = &second;
  first.colour = BLACK;
  copy_text(first.text, "a record and what it points to");
  copy_text(one, "a text of thirty letters, no. 1");
  for (u32 round = 0; round < rounds; round++) {
    letter_one = 'A';
    letter_two = 'B';
    int x = 2, y = 3, z = 0;
    copy_text(two, "a text of thirty letters, no. 2");
    enum colour colour = texts_in_order(one, two) ? RED : GREEN;
    while (x < y) {
      z = 5 * x - y;
      z = add_two(z, (int)(round & 7));
      x++;
    }
    fill_arrays((int)(round % 20), z);
    follow(&first);
    for (char letter = 'A'; letter <= letter_two; letter++)
      if (colour == mixed(GREEN)) copy_text(two, "a text of thirty letters, no. 3"), y = (int)round;
    y = y * x;
    x = y / (z | 1);
    y = 7 * (y - z) - x;
    sum = mix(sum, (u32)(x + y + global + second.number + row[round % SIDE] + grid[round % SIDE][round % 7]));
  }
  return mix(sum, (u32)letter_one);
}
