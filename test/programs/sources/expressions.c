// Regular expressions: by backtracking, by sets of states, and those of the C library.
#include <regex.h>

#include "program.h"

static int match_here(const char *pattern, const char *text);

static int matches_one(const char *pattern, char c) { return c && (*pattern == '.' || *pattern == c); }

static int match_star(const char *pattern, const char *rest, const char *text) {
  do {
    if (match_here(rest, text)) return 1;
  } while (matches_one(pattern, *text++));
  return 0;
}

static int match_here(const char *pattern, const char *text) {
  if (!*pattern) return 1;
  if (pattern[1] == '*') return match_star(pattern, pattern + 2, text);
  if (pattern[1] == '+') return matches_one(pattern, *text) && match_star(pattern, pattern + 2, text + 1);
  if (pattern[1] == '?') return match_here(pattern + 2, text) || (matches_one(pattern, *text) && match_here(pattern + 2, text + 1));
  if (*pattern == '$' && !pattern[1]) return !*text;
  return matches_one(pattern, *text) && match_here(pattern + 1, text + 1);
}

static int match(const char *pattern, const char *text) {
  if (*pattern == '^') return match_here(pattern + 1, text);
  do {
    if (match_here(pattern, text)) return 1;
  } while (*text++);
  return 0;
}

// States of an automaton without backtracking, after Thompson.
enum { LITERAL, ANY, CLASS, SPLIT, MATCH, STATES = 100 };

struct state {
  int kind, next, other;
  u32 set[8];
};

static struct state states[STATES];
static int state_count;
static const char *at;

static int new_state(int kind, int next, int other) {
  states[state_count] = (struct state){.kind = kind, .next = next, .other = other};
  return state_count++;
}

/** First state, and the list of exits that are not connected yet: (state * 2 + which), linked through themselves. */
struct fragment {
  int start, exits;
};

static int *exit_slot(int exit) { return exit & 1 ? &states[exit >> 1].other : &states[exit >> 1].next; }

static void connect(int exits, int target) {
  while (exits >= 0) {
    int *slot = exit_slot(exits), next = *slot;
    *slot = target;
    exits = next;
  }
}

static int joined(int one, int other) {
  int last = one;
  while (*exit_slot(last) >= 0) last = *exit_slot(last);
  *exit_slot(last) = other;
  return one;
}

static struct fragment alternatives(void);

static void read_class(struct state *state) {
  int negated = *at == '^';
  at += negated;
  for (int first = 1; first || *at != ']'; first = 0) {
    u8 low = (u8)*at++, high = low;
    if (*at == '-' && at[1] != ']') high = (u8)at[1], at += 2;
    for (int c = low; c <= high; c++) state->set[c / 32] |= 1u << c % 32;
  }
  at++;
  if (negated)
    for (int i = 0; i < 8; i++) state->set[i] = ~state->set[i];
}

static struct fragment atom(void) {
  char c = *at++;
  if (c == '(') {
    struct fragment inner = alternatives();
    at++;
    return inner;
  }
  int state = new_state(c == '.' ? ANY : c == '[' ? CLASS : LITERAL, -1, -1);
  if (c == '[') read_class(&states[state]);
  states[state].set[0] = c == '[' ? states[state].set[0] : (u32)(u8)(c == '\\' ? *at++ : c);
  return (struct fragment){state, state * 2};
}

static struct fragment repeated(void) {
  struct fragment one = atom();
  while (*at && strchr("*+?", *at)) {
    char kind = *at++;
    int split = new_state(SPLIT, one.start, -1);
    if (kind != '?') connect(one.exits, split);
    one = (struct fragment){kind == '+' ? one.start : split, kind == '?' ? joined(one.exits, split * 2 + 1) : split * 2 + 1};
  }
  return one;
}

static struct fragment sequence(void) {
  struct fragment all = repeated();
  while (*at && *at != '|' && *at != ')') {
    struct fragment next = repeated();
    connect(all.exits, next.start);
    all.exits = next.exits;
  }
  return all;
}

static struct fragment alternatives(void) {
  struct fragment one = sequence();
  while (*at == '|') {
    at++;
    struct fragment other = sequence();
    one = (struct fragment){new_state(SPLIT, one.start, other.start), joined(one.exits, other.exits)};
  }
  return one;
}

static void add(u8 *set, int state) {
  if (set[state]) return;
  set[state] = 1;
  if (states[state].kind != SPLIT) return;
  add(set, states[state].next);
  add(set, states[state].other);
}

static int accepts(const struct state *state, u8 c) {
  switch (state->kind) {
    case LITERAL: return state->set[0] == c;
    case ANY: return c != '\n';
    case CLASS: return state->set[c / 32] >> c % 32 & 1;
    default: return 0;
  }
}

/** Length of the longest match at the start of the text, or -1. */
static int longest(int start, const char *text) {
  u8 now[STATES] = {0};
  int best = -1;
  add(now, start);
  for (int length = 0;; length++) {
    u8 next[STATES] = {0};
    for (int i = 0; i < state_count; i++) {
      if (now[i] && states[i].kind == MATCH) best = length;
      if (now[i] && text[length] && accepts(&states[i], (u8)text[length])) add(next, states[i].next);
    }
    if (!text[length]) return best;
    memcpy(now, next, sizeof now);
  }
}

static void find_all(const char *pattern, const char *text) {
  state_count = 0;
  at = pattern;
  struct fragment whole = alternatives();
  connect(whole.exits, new_state(MATCH, -1, -1));
  printf("%s:", pattern);
  for (const char *from = text; *from;) {
    int length = longest(whole.start, from);
    if (length > 0) printf(" %.*s", length, from);
    from += length > 0 ? length : 1;
  }
  printf("\n");
}

static void with_library(const char *pattern, const char *text, int flags) {
  regex_t compiled;
  int failure = regcomp(&compiled, pattern, REG_EXTENDED | flags);
  printf("%s %d:", pattern, failure);
  if (failure) {
    printf("\n");
    return;
  }
  regmatch_t groups[4];
  for (const char *from = text; !regexec(&compiled, from, 4, groups, from == text ? 0 : REG_NOTBOL); from += groups[0].rm_eo + (groups[0].rm_eo == 0)) {
    for (int i = 0; i < 4; i++) printf(" %d-%d", (int)groups[i].rm_so, (int)groups[i].rm_eo);
    if (!*from) break;
  }
  printf("\n");
  regfree(&compiled);
}

void expressions(void) {
  static const char text[] = "Half a cell, half a volt; 12.5 mA at 300 K, +3.7e-2 V (copper|zinc) aaaab abab \"quoted text\" 2024-02-29 x_1=y-2";
  static const char *const simple[] = {"^Half", "cel*", "zi.c", "a+b", "b+a+$", "y-2$", "^.*K,", "colou?r", "12.5?", "z*q*K"};
  for (size_t i = 0; i < COUNT(simple); i++) printf("%d", match(simple[i], text));
  printf("\n");
  static const char *const patterns[] = {"[a-z]+", "[0-9]+(\\.[0-9]+)?", "(a|b)*b", "\"[^\"]*\"", "[+-]?[0-9]+(.[0-9]*)?(e[+-]?[0-9]+)?", "(ha|Ha)lf", "[A-Z]", "(ab)+|aaa?"};
  for (size_t i = 0; i < COUNT(patterns); i++) find_all(patterns[i], text);
  static const char *const extended[] = {"([0-9]{4})-([0-9]{2})-([0-9]{2})", "(half).*(volt)", "\\b[[:alpha:]]{4}\\b", "(a*)(b)", "[[:space:]]+", "(", "x|y"};
  for (size_t i = 0; i < COUNT(extended); i++) with_library(extended[i], text, i % 2 ? REG_ICASE : 0);
}
