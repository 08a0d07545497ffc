// loads NAME ROUNDS: says that it is ready, and for each byte of standard input prints a line with the checksum of one load. Whoever
// measures decides when it starts.
// loads all ROUNDS: the checksums of all, at once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "list.h"
#include "load.h"

#define DECLARE(function, name) load function;
#define ENTRY(function, name) {name, function},

LOADS(DECLARE)
load matrix_avx2;

static const struct {
  const char *name;
  load *run;
} loads[] = {LOADS(ENTRY){"matrix", matrix_avx2}};

#define LACKS "lacks AVX2 and FMA"

static int lacks(const char *name) {
  __builtin_cpu_init();
  return !strcmp(name, "matrix") && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}

static void print_checksum(load *run, u32 rounds) {
  printf("%016llx\n", (unsigned long long)run(rounds));
  fflush(stdout);
}

static int run_all(u32 rounds) {
  for (u32 i = 0; i < COUNT(loads); i++) {
    printf("%s ", loads[i].name);
    if (lacks(loads[i].name)) puts(LACKS);
    else print_checksum(loads[i].run, rounds);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  u32 rounds = (u32)strtoul(argv[2], 0, 10);
  if (!strcmp(argv[1], "all")) return run_all(rounds);
  if (lacks(argv[1])) return puts(LACKS), 0;
  for (u32 i = 0; i < COUNT(loads); i++) {
    if (strcmp(argv[1], loads[i].name)) continue;
    puts("ready");
    fflush(stdout);
    for (char go; read(STDIN_FILENO, &go, 1) == 1;) print_checksum(loads[i].run, rounds);
    return 0;
  }
  return 2;
}
