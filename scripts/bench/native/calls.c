// calls KIND COUNT REPEATS: prints the nanoseconds that COUNT operations of one kind take, once for each repetition.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static const char *self;

static void null_call(long count) {
  for (long i = 0; i < count; i++) syscall(SYS_getppid);
}

static void expect(int true_enough) {
  if (!true_enough) _exit(1);
}

static void pipe_round_trips(long count) {
  int there[2], back[2];
  char byte = 0;
  expect(pipe(there) == 0 && pipe(back) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1) expect(write(back[1], &byte, 1) == 1);
    _exit(0);
  }
  for (long i = 0; i < count; i++) expect(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1);
  close(there[1]);
  waitpid(child, 0, 0);
  close(there[0]), close(back[0]), close(back[1]);
}

static void page_faults(long count) {
  char *pages = mmap(0, count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(pages != MAP_FAILED);
  for (long i = 0; i < count; i++) pages[i * PAGE_BYTES] = 1;
  munmap(pages, count * PAGE_BYTES);
}

static void forks(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    expect(waitpid(child, 0, 0) == child);
  }
}

static void spawns(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = vfork();
    if (child == 0) {
      execl(self, self, (char *)0);
      _exit(1);
    }
    int status;
    expect(waitpid(child, &status, 0) == child && status == 0);
  }
}

struct kind {
  const char *name;
  void (*run)(long count);
};

static const struct kind kinds[] = {
    {"null", null_call}, {"pipe", pipe_round_trips}, {"fault", page_faults}, {"fork", forks}, {"spawn", spawns},
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

int main(int argc, char **argv) {
  // What `spawn` runs.
  if (argc == 1) return 0;
  if (argc != 4) return 2;
  self = argv[0];
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(argv[1], kinds[i].name)) continue;
    for (int left = atoi(argv[3]); left > 0; left--) {
      uint64_t start = now_ns();
      kinds[i].run(atol(argv[2]));
      printf("%llu\n", (unsigned long long)(now_ns() - start));
      fflush(stdout);
    }
    return 0;
  }
  return 2;
}
