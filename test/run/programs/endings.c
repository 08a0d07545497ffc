// How does a program end that NAME does to itself?
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) void store(volatile int *place) { *place = 42; }
__attribute__((noinline)) void illegal(void) { __asm__ volatile("ud2"); }
__attribute__((noinline)) int divide(volatile int by) { return 5 / by; }
__attribute__((noinline)) void jump(void) { ((void (*volatile)(void))0x1234567)(); }

int main(int count, char **words) {
  const char *how = count > 1 ? words[1] : "exit";
  if (!strcmp(how, "exit")) return 42;
  if (!strcmp(how, "kill")) raise(SIGKILL);
  if (!strcmp(how, "term")) raise(SIGTERM);
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "write")) store((int *)0x10);
  if (!strcmp(how, "illegal")) illegal();
  if (!strcmp(how, "divide")) return divide(0);
  if (!strcmp(how, "jump")) jump();
  if (!strcmp(how, "child")) {
    if (fork() == 0) store((int *)0x10);
    int status;
    wait(&status);
    return WTERMSIG(status) == SIGSEGV ? 0 : 1;
  }
  return 99;
}
