// stdio: formats, buffering, scanning, temporary files
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
int main(void) {
  printf("%d %5d|%-5d|%05d %x %X %o %u %c %s %.3s %p\n", 42, 42, 42, 42, 255, 255, 8, 4000000000u, 'x', "text", "abcdef", (void *)0x1234);
  printf("%ld %lld %zu %hhd %hd\n", -1L, 1LL << 62, sizeof(int), (char)300, (short)70000);
  int a; char word[16]; unsigned h; float f;
  printf("%d", sscanf("12 abc ff 1.5", "%d %15s %x %f", &a, word, &h, &f));
  printf(" %d %s %u %g\n", a, word, h, f);
  FILE *file = fopen("stdio.txt", "w+");
  for (int i = 0; i < 1000; i++) fprintf(file, "line %d\n", i);
  rewind(file);
  char line[64]; int count = 0; long sum = 0;
  while (fgets(line, sizeof line, file)) { count++; sum += atoi(line + 5); }
  printf("%d lines, sum %ld, at %ld, eof %d\n", count, sum, ftell(file), !!feof(file));
  fseek(file, 5, SEEK_SET); ungetc('Z', file);
  printf("%c%c\n", fgetc(file), fgetc(file));
  fclose(file);
  file = tmpfile(); fputs("hidden", file); rewind(file); printf("%s\n", fgets(line, 64, file)); fclose(file);
  char *memory; size_t size; FILE *stream = open_memstream(&memory, &size);
  fprintf(stream, "in %s", "memory"); fclose(stream); printf("%zu %s\n", size, memory);
  setvbuf(stdout, NULL, _IONBF, 0); fputs("unbuffered\n", stdout);
  fprintf(stderr, "");
  perror(NULL);
  return 3;
}
