// environment, getopt, qsort, bsearch, strings, locale, random numbers, atexit
#define _GNU_SOURCE
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <glob.h>
#include <fnmatch.h>
extern char **environ; static int compare(const void *a, const void *b) { int x = *(int *)a, y = *(int *)b; return (x > y) - (x < y); } static void last(void) { printf("last\n"); } static void before(void) { printf("before last\n"); }
int main(int argc, char **argv) {
  printf("%d %s %s\n", argc, getenv("HOME"), getenv("PATH")); setenv("NEW", "value", 1); unsetenv("HOME"); putenv("PUT=in"); int n = 0; for (char **e = environ; *e; e++) n++; printf("%d %s %s %d\n", n, getenv("NEW"), getenv("PUT"), getenv("HOME") == NULL);
  char *args[] = {"prog", "-a", "-b", "value", "--long=x", "rest", NULL}; struct option longs[] = {{"long", 1, NULL, 'l'}, {0}}; int c; while ((c = getopt_long(6, args, "ab:", longs, NULL)) != -1) printf("%c %s\n", c, optarg ? optarg : "-"); printf("%s\n", args[optind]);
  int numbers[1000]; unsigned seed = 3; for (int i = 0; i < 1000; i++) numbers[i] = (seed = seed * 1103515245 + 12345) >> 8; qsort(numbers, 1000, sizeof(int), compare); int sorted = 1; for (int i = 1; i < 1000; i++) sorted &= numbers[i - 1] <= numbers[i]; printf("%d %d %d\n", sorted, numbers[0], bsearch(&numbers[500], numbers, 1000, sizeof(int), compare) != NULL); srand(1); srandom(1); srand48(1); printf("%ld\n", lrand48());
  char text[200]; strcpy(text, "alpha,beta;gamma"); for (char *t = strtok(text, ",;"); t; t = strtok(NULL, ",;")) printf("[%s]", t); printf(" %zu %d %s %s\n", strspn("aabbc", "ab"), strcmp("a", "b") < 0, strstr("haystack needle", "need"), strrchr("a/b/c", '/')); memmove(text + 1, text, 5); printf("%.6s %s %ld %lu\n", text, strdup("dup"), strtol("-0x1f", NULL, 0), strtoul("077", NULL, 0)); printf("%d %d %c\n", isalpha('x') != 0, isdigit('x') != 0, toupper('q'));
  regex_t re; regcomp(&re, "([a-z]+)([0-9]*)", REG_EXTENDED); regmatch_t match[3]; printf("%d %d %d\n", regexec(&re, "  abc123", 3, match, 0), (int)match[1].rm_so, (int)match[2].rm_eo); printf("%d %d\n", fnmatch("*.c", "main.c", 0), fnmatch("*.c", "main.h", 0)); wchar_t wide[20]; printf("%d %ls\n", (int)mbstowcs(wide, "wide", 20), L"wide"); printf("%s %s\n", basename(strdup("/a/b.c")), dirname(strdup("/a/b.c"))); printf("%" PRIu64 " %" PRIx64 "\n", UINT64_MAX, (uint64_t)1 << 40); div_t q = div(17, 5); printf("%d %d %d\n", q.quot, q.rem, abs(-4)); printf("%ld %ld\n", sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK)); atexit(last); atexit(before); char big[100000]; memset(big, 'm', sizeof big); printf("%d\n", (int)strnlen(big, sizeof big)); int *p = NULL; printf("%d\n", getline(&(char *){NULL}, &(size_t){0}, stdin) == -1);
  exit(258);
}
