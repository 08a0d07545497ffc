// programs NAME: one of the programs beside this file. Without a name: the level of x86-64 that the processor says it has.
#include "program.h"

#define PROGRAMS(DO) \
  DO(sorting) DO(hashing) DO(floating) DO(big_integers) DO(expressions) DO(compression) DO(interpreter) DO(matrices) DO(signals)
#define DECLARE(name) void name(void);
#define ENTRY(name) {#name, name},

PROGRAMS(DECLARE)

static int level(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v3") ? 3 : __builtin_cpu_supports("x86-64-v2") ? 2 : 1;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } programs[] = {PROGRAMS(ENTRY)};
  if (argc == 1) printf("%d\n", level());
  for (size_t i = 0; i < COUNT(programs); i++)
    if (argc == 2 && !strcmp(argv[1], programs[i].name)) return programs[i].run(), 0;
  return argc == 1 ? 0 : 2;
}
