/* Becomes another program; with a second argument a child does. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int before = 7;

int main(int argc, char **argv) {
  char *arguments[] = {argv[1], "usr1", 0};
  if (argc < 3 || fork() == 0) execv(argv[1], arguments);
  wait(0);
  puts("waited");
  return argc < 3;
}
