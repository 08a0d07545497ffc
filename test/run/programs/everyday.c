// Everyday work of a C program: streams, memory, files, numbers, processes, signals.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void streams(void) {
  char line[64];
  int sum = 0, lines = 0;
  while (fgets(line, sizeof line, stdin)) lines++, sum += atoi(line);
  printf("%d lines, sum %d, end %d\n", lines, sum, feof(stdin));
  fprintf(stderr, "to stderr %c%s\n", 'x', "yz");
  char text[32];
  int count = sscanf("17 3.5 word", "%d %*f %31s", &sum, text);
  printf("%d %d %s %-6s| %06d %#x %+.3e %g %a\n", count, sum, text, "left", 42, 255, 12345.678, 1e-5, 1.5);
}

static void memory(void) {
  unsigned long check = 0;
  void *blocks[500] = {0};
  for (int round = 0; round < 5000; round++) {
    int at = (round * 7919) % 500;
    size_t bytes = (size_t)((round * 104729) % 5000) + 1;
    blocks[at] = realloc(blocks[at], bytes);
    memset(blocks[at], round, bytes);
    check = check * 31 + ((unsigned char *)blocks[at])[bytes - 1];
  }
  for (int at = 0; at < 500; at++) free(blocks[at]);
  char *big = malloc(20 << 20);
  for (int at = 0; at < 20 << 20; at += 4096) big[at] = (char)(at >> 12);
  for (int at = 0; at < 20 << 20; at += 4096) check += (unsigned char)big[at];
  free(big);
  printf("memory %lu\n", check);
}

static void files(void) {
  FILE *file = fopen("made", "w+");
  if (!file) { perror("made"); return; }
  for (int at = 0; at < 1000; at++) fprintf(file, "line %d\n", at);
  fseek(file, -9, SEEK_END);
  char line[32];
  printf("%s", fgets(line, sizeof line, file));
  fclose(file);
  struct stat status;
  stat("made", &status);
  int fd = open("made", O_RDWR);
  char *map = mmap(0, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memcpy(map, "LINE", 4);
  munmap(map, (size_t)status.st_size);
  pread(fd, line, 6, 0);
  ftruncate(fd, 100);
  close(fd);
  rename("made", "renamed");
  printf("%ld %.6s %d %s\n", (long)status.st_size, line, open("made", O_RDONLY), strerror(errno));
  mkdir("folder", 0755);
  DIR *folder = opendir(".");
  int names = 0;
  while (readdir(folder)) names++;
  closedir(folder);
  printf("%d names\n", names);
}

static void numbers(void) {
  for (double x = 0.5; x < 1000; x *= 3.7)
    printf("%.17g %.10f %.15e %.9g %Lg\n", sqrt(x), sin(x), exp(-x), pow(x, 1.0 / 3), (long double)x / 3);
  printf("%f %f %d %d\n", INFINITY, -NAN, isnan(NAN), (int)lrint(2.5));
  float single = 0;
  for (int at = 1; at < 1000; at++) single += 1.0f / (float)at;
  printf("%.9g %llu %lld\n", single, 0xffffffffffffffffull / 7, -0x7fffffffffffffffll % 1000);
}

static volatile sig_atomic_t seen;
static void onSignal(int signal) { seen = seen * 100 + signal; }

static void processes(void) {
  int pair[2], status;
  pipe(pair);
  fflush(stdout);
  for (int child = 0; child < 5; child++) {
    if (fork() == 0) {
      char text[16];
      write(pair[1], text, (size_t)snprintf(text, sizeof text, "child %d\n", child));
      _exit(child);
    }
    wait(&status);
    printf("status %d\n", WEXITSTATUS(status));
  }
  char text[100] = {0};
  read(pair[0], text, sizeof text - 1);
  printf("%s", text);
  signal(SIGUSR1, onSignal);
  signal(SIGALRM, onSignal);
  signal(SIGCHLD, SIG_DFL);
  raise(SIGUSR1);
  struct itimerval soon = {{0, 50000}, {0, 50000}};  // more than once: the first may come before the nap
  setitimer(ITIMER_REAL, &soon, 0);
  struct timespec nap = {100, 0};
  int result = nanosleep(&nap, &nap);
  setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
  printf("seen %d, nanosleep %d %s, left %d\n", (int)seen, result, strerror(errno), nap.tv_sec > 50);
  pid_t victim = fork();
  if (victim == 0) pause();
  kill(victim, SIGTERM);
  waitpid(victim, &status, 0);
  printf("child was killed by %d\n", WTERMSIG(status));
}

int main(int count, char **words) {
  printf("%d arguments, last %s, NAME=%s\n", count, words[count - 1], getenv("NAME"));
  streams();
  memory();
  files();
  numbers();
  processes();
  fflush(stdout);
  return 7;
}
