// What becomes of who uses up all memory, and of who comes after?
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static void eat(void) {
  for (;;) memset(malloc(MIB), 1, MIB);
}

int main(int count, char **words) {
  if (count < 2 || strcmp(words[1], "child")) eat();
  if (fork() == 0) eat();
  int status;
  wait(&status);
  printf("child was killed by %d\n", WTERMSIG(status));
  for (int at = 0; at < 20; at++) memset(malloc(MIB), 1, MIB);
  puts("again");
  return 0;
}
