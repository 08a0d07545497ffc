// random system calls with a fixed seed: the machine goes on
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
enum { CHILDREN = 40, CALLS = 50 };
static unsigned long state; static char *buffer;
static unsigned long next(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
static long argument(void) {
  static const long special[] = {0, 1, -1, 2, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffff, -4096, 1L << 62, 0x1000, 64, 100, 255, -100, 3, 8};
  switch (next() % 6) {
    case 0: return next() % 10;
    case 1: return special[next() % (sizeof special / sizeof *special)];
    case 2: return (long)buffer + next() % 8192;
    case 3: return (long)buffer + 4096 * (next() % 3);
    case 4: return next() % 4096;
    default: return next();
  }
}
static void child(int number) {
  state = 88172645463325252UL + number * 7919; setsid(); setgid(1000); setuid(1000);
  int fds[2]; pipe(fds); open("/dev/zero", O_RDWR); open("/proc/self/maps", O_RDONLY); open("/tmp", O_RDONLY); open("scratch", O_RDWR | O_CREAT, 0666); dup(fds[0]);
  buffer = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); for (int i = 0; i < 12288; i += 8) *(long *)(buffer + i) = next() % 3 ? next() % 100 : next(); strcpy(buffer, "scratch"); mprotect(buffer + 12288, 4096, PROT_NONE); alarm(1);
  pid_t self = getpid();
  for (int i = 0; i < CALLS; i++) {
    long call = next() % 12 == 0 ? 424 + next() % 30 : next() % 335;
    if (call == SYS_exit || call == SYS_exit_group || call == SYS_rt_sigreturn) continue;
    syscall(call, argument(), argument(), argument(), argument(), argument(), argument());
    if (syscall(SYS_getpid) != self || syscall(SYS_gettid) != self) syscall(SYS_exit_group, 0);
  }
  _exit(0);
}
int main(void) {
  int done = 0;
  for (int i = 0; i < CHILDREN; i++) {
    pid_t pid = fork(); if (pid == 0) child(i);
    int status, waited = 0; while (waitpid(pid, &status, WNOHANG) == 0) { usleep(5000); if (++waited == 60) kill(pid, SIGKILL); }
    done++; while (waitpid(-1, &status, WNOHANG) > 0);
  }
  int fds[2]; char text[6] = {0}; pipe(fds); if (fork() == 0) { write(fds[1], "alive", 5); _exit(0); } read(fds[0], text, 5); printf("%d %s\n", done, text);
  return 0;
}
