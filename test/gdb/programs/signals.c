/* One way to get a signal for each argument. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volatile int handled;

static void on_usr1(int signal) { handled = signal; }

static void crash(int *where) { *where = 42; }

static void nowhere(void) { ((void (*)(void))0x1234000)(); }

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  signal(SIGUSR1, on_usr1);
  if (!strcmp(what, "usr1")) raise(SIGUSR1);
  if (!strcmp(what, "abort")) abort();
  if (!strcmp(what, "crash")) crash((int *)0x1234);
  if (!strcmp(what, "jump")) nowhere();
  printf("handled %d\n", handled);
  return 0;
}
