// malloc, realloc, free: small and large blocks keep their bytes
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  unsigned seed = 1; char *blocks[200] = {0}; size_t sizes[200] = {0}; unsigned long check = 0;
  for (int round = 0; round < 5000; round++) {
    seed = seed * 1103515245 + 12345; int at = (seed >> 16) % 200;
    seed = seed * 1103515245 + 12345; size_t size = (seed >> 8) % ((seed & 7) == 0 ? 400000 : 2000);
    size_t old = sizes[at];
    char *block = realloc(blocks[at], size + 1);
    for (size_t i = 0; i < old && i <= size; i += 97) if (block[i] != (char)(at + i)) { printf("lost %d %zu\n", at, i); return 1; }
    for (size_t i = 0; i <= size; i++) block[i] = (char)(at + i);
    blocks[at] = block; sizes[at] = size; check = check * 31 + size;
    if ((seed & 0xf00) == 0) { free(block); blocks[at] = 0; sizes[at] = 0; }
  }
  printf("%lu\n", check);
  char *zeroes = calloc(1000, 1000); for (int i = 0; i < 1000000; i++) if (zeroes[i]) return 2;
  free(zeroes);
  char *huge = malloc(64 << 20); huge[0] = 1; huge[(64 << 20) - 1] = 2; printf("%d\n", huge[0] + huge[(64 << 20) - 1]);
  huge = realloc(huge, 80 << 20); printf("%d\n", huge[0] + huge[(64 << 20) - 1]); free(huge);
  void *aligned; printf("%d %d\n", posix_memalign(&aligned, 4096, 100), (int)((unsigned long)aligned % 4096));
  printf("%d\n", malloc((size_t)1 << 50) == NULL);
  return 0;
}
