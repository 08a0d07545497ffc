// What becomes of a system that runs 1,000 random byte strings as programs?
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAMS = 1000, CODE_BYTES = 512, ADDRESS = 0x400000, CPU_LIMIT_US = 5000, NOT_STARTED = 126 };
static unsigned long state = 88172645463325252UL;
static struct {
  Elf64_Ehdr elf;
  Elf64_Phdr load;
  unsigned char code[CODE_BYTES];
} file;

static unsigned long next(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}

static void scatter(void *where, size_t bytes) {
  for (size_t at = 0; at < bytes; at++) ((unsigned char *)where)[at] = (unsigned char)(next() >> 24);
}

static void build(int kind) {
  file.elf = (Elf64_Ehdr){{0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, ET_EXEC, EM_X86_64, EV_CURRENT,
    ADDRESS + sizeof file.elf + sizeof file.load, sizeof file.elf, 0, 0, sizeof file.elf, sizeof file.load, 1, 0, 0, 0};
  file.load = (Elf64_Phdr){PT_LOAD, PF_R | PF_W | PF_X, 0, ADDRESS, ADDRESS, sizeof file, sizeof file + 65536, 4096};
  scatter(file.code, sizeof file.code);
  if (kind == 1)
    for (int count = 1 + (int)(next() % 6); count > 0; count--) ((unsigned char *)&file)[next() % 120] = (unsigned char)next();
  if (kind == 2) scatter(&file.load, sizeof file.load);
  if (kind == 3) scatter(&file, sizeof file);
}

// A program of its own for each, so that none finds open what one before it has left behind.
static int run(void) {
  int fd = open("program", O_CREAT | O_TRUNC | O_WRONLY, 0755);
  write(fd, &file, sizeof file);
  close(fd);
  pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    struct itimerval limit = {{0, CPU_LIMIT_US}, {0, CPU_LIMIT_US}}, real = {{1, 0}, {1, 0}};
    setitimer(ITIMER_PROF, &limit, 0), setitimer(ITIMER_REAL, &real, 0);
    for (int each = 0; each < 3; each++) close(each);
    execl("program", "program", (char *)0);
    _exit(NOT_STARTED);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR);
  kill(-child, SIGKILL);
  return status;
}

int main(int count, char **words) {
  if (count > 1) state ^= strtoul(words[1], 0, 0) * 7919;
  int killed = 0, refused = 0, ended = 0;
  for (int at = 0; at < PROGRAMS; at++) {
    build(at % 4);
    int status = run();
    if (WIFSIGNALED(status)) killed++;
    else if (WEXITSTATUS(status) == NOT_STARTED) refused++;
    else ended++;
    while (waitpid(-1, 0, WNOHANG) > 0);
  }
  printf("%d programs, some killed: %d, some refused: %d\n", killed + refused + ended, killed > 100, refused > 100);
  return 0;
}
