/* Computes a little, waits for a line, answers it. With an argument a second process prints meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char buffer[64];
int counter;

static int twice(int value) {
  int result = value * 2;
  return result;
}

static int sum(int count) {
  int total = 0;
  for (int i = 0; i < count; i++)
    total += twice(i);
  return total;
}

static void tick(void) {
  for (int i = 0; i < 2000; i++) {
    if (write(1, "tick\n", 5) != 5) _exit(1);
    usleep(20000);
  }
  _exit(0);
}

int main(int argc, char **argv) {
  (void)argv;
  counter = sum(4);
  if (argc > 1 && fork() == 0)
    tick();
  write(1, "ready\n", 6);
  long length = read(0, buffer, sizeof buffer - 1);
  int error = length < 0 ? errno : 0;
  printf("got %ld errno %d: %s\n", length, error, buffer);
  return counter;
}
