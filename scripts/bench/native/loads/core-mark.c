// What embedded processors are measured by: a linked list that is searched, reversed and sorted; matrices of 16-bit numbers; a state
// machine over text; a CRC over all that came out.
#include "load.h"

static u16 crc16(u16 crc, u32 value) {
  for (int bit = 0; bit < 16; bit++, value >>= 1) {
    u32 carry = (crc ^ value) & 1;
    crc >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

struct item {
  struct item *next;
  int16_t key, data;
};

enum { ITEMS = 200, SEARCHES = 40 };

static struct item items[ITEMS];

static struct item *new_list(u32 seed) {
  for (int i = 0; i < ITEMS; i++) {
    items[i].next = i + 1 < ITEMS ? &items[i + 1] : 0;
    items[i].key = (int16_t)(next_random(&seed) & 0x3ff);
    items[i].data = (int16_t)i;
  }
  return items;
}

static struct item *reversed(struct item *list) {
  struct item *done = 0;
  while (list) {
    struct item *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static NOINLINE const struct item *found(const struct item *list, int key) {
  while (list && list->key != key) list = list->next;
  return list;
}

typedef int order(const struct item *left, const struct item *right);

static int by_key(const struct item *left, const struct item *right) { return left->key - right->key; }
static int by_data(const struct item *left, const struct item *right) { return left->data - right->data; }

static struct item *merged(struct item *left, struct item *right, order *compare) {
  struct item *list = 0, **end = &list;
  while (left && right) {
    struct item **least = compare(left, right) <= 0 ? &left : &right;
    *end = *least;
    end = &(*end)->next;
    *least = *end;
  }
  *end = left ? left : right;
  return list;
}

static struct item *sorted(struct item *list, order *compare) {
  if (!list || !list->next) return list;
  struct item *middle = list;
  for (struct item *end = list->next; end && end->next; end = end->next->next) middle = middle->next;
  struct item *rest = middle->next;
  middle->next = 0;
  return merged(sorted(list, compare), sorted(rest, compare), compare);
}

static u16 list_work(u16 crc, u32 seed) {
  struct item *list = new_list(seed);
  for (int i = 0; i < SEARCHES; i++) {
    const struct item *item = found(list, i * 25 & 0x3ff);
    crc = crc16(crc, item ? (u16)item->data : 0xffff);
    list = reversed(list);
  }
  list = sorted(list, by_key);
  for (const struct item *item = list; item; item = item->next) crc = crc16(crc, (u16)item->data);
  list = sorted(list, by_data);
  return crc16(crc, (u16)list->key);
}

enum { SIDE = 16 };

static u16 matrix_work(u16 crc, u32 seed) {
  static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
  static int32_t product[SIDE][SIDE];
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      left[i][j] = (int16_t)(next_random(&seed) & 0xff);
      right[i][j] = (int16_t)((next_random(&seed) & 0xff) - 128);
    }
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      int32_t sum = 0;
      for (int k = 0; k < SIDE; k++) sum += left[i][k] * right[k][j];
      product[i][j] = sum;
    }
  int32_t total = 0, before = 0;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      int32_t value = product[i][j];
      total += value > before ? 10 : (value >> 2 & 15) * (value >> 5 & 127);
      before = value;
    }
  return crc16(crc, (u32)total);
}

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, POWER, INVALID, STATES };

static enum state next_state(enum state state, u8 c) {
  int digit = c >= '0' && c <= '9', sign = c == '+' || c == '-';
  switch (state) {
    case START: return digit ? INTEGER : sign ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return digit ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER: return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT: return digit ? FRACTION : INVALID;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit ? POWER : sign ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case POWER: return digit ? POWER : INVALID;
    default: return INVALID;
  }
}

static u16 state_work(u16 crc, u32 seed) {
  static u8 text[] =
      "5012,+874,-3.14,.5,1e5,-7.25e-3,0.e9,12a4,+-3,98.6e,T0.3e-1F,31337,.,6.02e+23,-110.700,-0.644,1.2.3,4e4e4,77,+0.0";
  u32 ends[STATES] = {0}, steps[STATES] = {0};
  enum state state = START;
  for (u32 i = 0; i < sizeof text; i++) {
    if (text[i] == ',' || !text[i]) {
      ends[state]++;
      state = START;
      continue;
    }
    enum state next = next_state(state, text[i] ^ (next_random(&seed) % 97 == 0));
    steps[next] += next != state;
    state = next;
  }
  for (int i = 0; i < STATES; i++) crc = crc16(crc16(crc, ends[i]), steps[i]);
  return crc;
}

u64 core_mark(u32 rounds) {
  u16 crc = 0;
  for (u32 round = 0; round < rounds; round++) {
    crc = list_work(crc, round & 15);
    crc = matrix_work(crc, crc);
    for (u32 i = 0; i < 4; i++) crc = state_work(crc, crc + i);
  }
  return crc;
}
