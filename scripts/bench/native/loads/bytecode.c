// An interpreter of a stack machine: one indirect jump for each of its instructions.
#include "load.h"

enum operation { PUSH, GET, SET, ADD, MULTIPLY, SHIFT_RIGHT, AND, XOR, LESS, EQUAL, JUMP, JUMP_UNLESS, CALL, RETURN, HALT, LABEL };

struct instruction {
  u32 operation, operand;
};

enum { START, LONGEST, LENGTH, VALUE, HASH, LIMIT, VARIABLES };
enum { EACH, STEP, ODD, NEXT, ENDED, SHORTER, DONE, COUNT_ONE, LABELS };

// The longest of the sequences of Collatz that begin below a limit, and a hash over all their lengths.
static struct instruction program[] = {
    {PUSH, 1}, {SET, START},
    {LABEL, EACH}, {GET, START}, {GET, LIMIT}, {LESS, 0}, {JUMP_UNLESS, DONE},
    {GET, START}, {SET, VALUE}, {PUSH, 0}, {SET, LENGTH},
    {LABEL, STEP}, {PUSH, 1}, {GET, VALUE}, {LESS, 0}, {JUMP_UNLESS, ENDED},
    {GET, VALUE}, {PUSH, 1}, {AND, 0}, {PUSH, 0}, {EQUAL, 0}, {JUMP_UNLESS, ODD},
    {GET, VALUE}, {PUSH, 1}, {SHIFT_RIGHT, 0}, {SET, VALUE}, {JUMP, NEXT},
    {LABEL, ODD}, {GET, VALUE}, {PUSH, 3}, {MULTIPLY, 0}, {PUSH, 1}, {ADD, 0}, {SET, VALUE},
    {LABEL, NEXT}, {CALL, COUNT_ONE}, {JUMP, STEP},
    {LABEL, ENDED}, {GET, HASH}, {PUSH, 31}, {MULTIPLY, 0}, {GET, LENGTH}, {XOR, 0}, {SET, HASH},
    {GET, LONGEST}, {GET, LENGTH}, {LESS, 0}, {JUMP_UNLESS, SHORTER}, {GET, LENGTH}, {SET, LONGEST},
    {LABEL, SHORTER}, {GET, START}, {PUSH, 1}, {ADD, 0}, {SET, START}, {JUMP, EACH},
    {LABEL, DONE}, {HALT, 0},
    {LABEL, COUNT_ONE}, {GET, LENGTH}, {PUSH, 1}, {ADD, 0}, {SET, LENGTH}, {RETURN, 0},
};

static void resolve_labels(void) {
  u32 places[LABELS];
  for (u32 i = 0; i < COUNT(program); i++)
    if (program[i].operation == LABEL) places[program[i].operand] = i;
  for (u32 i = 0; i < COUNT(program); i++) {
    u32 operation = program[i].operation;
    if (operation == JUMP || operation == JUMP_UNLESS || operation == CALL) program[i].operand = places[program[i].operand];
  }
}

static NOINLINE void interpret(u32 *variables) {
  u32 stack[16], calls[16], *top = stack, *call = calls;
  for (const struct instruction *at = program;; at++) {
    u32 operand = at->operand;
    switch (at->operation) {
      case PUSH: *top++ = operand; break;
      case GET: *top++ = variables[operand]; break;
      case SET: variables[operand] = *--top; break;
      case ADD: top--, top[-1] += *top; break;
      case MULTIPLY: top--, top[-1] *= *top; break;
      case SHIFT_RIGHT: top--, top[-1] >>= *top & 31; break;
      case AND: top--, top[-1] &= *top; break;
      case XOR: top--, top[-1] ^= *top; break;
      case LESS: top--, top[-1] = top[-1] < *top; break;
      case EQUAL: top--, top[-1] = top[-1] == *top; break;
      case JUMP: at = program + operand; break;
      case JUMP_UNLESS: if (!*--top) at = program + operand; break;
      case CALL: *call++ = (u32)(at - program), at = program + operand; break;
      case RETURN: at = program + *--call; break;
      case HALT: return;
      case LABEL: break;
      default: __builtin_unreachable();
    }
  }
}

u64 bytecode(u32 rounds) {
  static int resolved;
  u64 sum = MIX_START;
  if (!resolved++) resolve_labels();
  for (u32 round = 0; round < rounds; round++) {
    u32 variables[VARIABLES] = {[LIMIT] = 200 + round % 50};
    interpret(variables);
    sum = mix(mix(sum, variables[HASH]), variables[LONGEST]);
  }
  return sum;
}
