// what /proc/self tells, and names that lead to descriptors
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void until(const char *path, char wanted) { int pid; char state = 0; for (int i = 0; i < 1000 && state != wanted; i++) { FILE *c = fopen(path, "r"); fscanf(c, "%d %*s %c", &pid, &state); fclose(c); usleep(5000); } printf("%c\n", state); }
int main(int argc, char **argv) {
  char text[4096], path[100], cwd[4096]; int f = open("some file", O_CREAT | O_RDWR, 0600); write(f, "abc", 3); getcwd(cwd, sizeof cwd); sprintf(path, "/proc/self/fd/%d", f); int n = readlink(path, text, sizeof text); text[n] = 0; printf("%s\n", text + strlen(cwd)); int g = open(path, O_RDONLY); printf("%ld\n", (long)read(g, text, 10)); unlink("some file"); n = readlink(path, text, sizeof text); text[n] = 0; printf("%s\n", text + strlen(cwd)); g = open(path, O_RDONLY); printf("%ld\n", (long)read(g, text, 10)); int p[2]; pipe(p); sprintf(path, "/proc/self/fd/%d", p[0]); n = readlink(path, text, sizeof text); printf("%.6s\n", text); int d = open("/proc/self/fd", O_RDONLY | O_DIRECTORY); printf("%d\n", d > 0); FILE *c = fopen("/proc/self/cmdline", "r"); n = fread(text, 1, sizeof text, c); printf("%d\n", n == strlen(argv[0]) + 1); c = fopen("/proc/self/comm", "r"); fgets(text, 100, c); printf("%d\n", strncmp(text, "descriptors-gcc", 11)); c = fopen("/proc/self/maps", "r"); int stack = 0, heap = 0; malloc(10); while (fgets(text, 1000, c)) { stack |= strstr(text, "[stack]") != NULL; heap |= strstr(text, "rw-p") != NULL; } printf("%d %d\n", stack, heap); n = readlink("/proc/self", text, 100); text[n] = 0; printf("%d\n", atoi(text) == getpid()); n = readlink("/proc/self/cwd", text, sizeof text); text[n] = 0; printf("%d\n", strcmp(text, cwd)); c = fopen("/proc/self/stat", "r"); int pid; char state; fscanf(c, "%d %*s %c", &pid, &state); printf("%d %c\n", pid == getpid(), state); int devnull = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR); printf("%ld %ld %ld\n", (long)write(devnull, "x", 1), (long)read(devnull, text, 5), (long)read(zero, text, 5)); pid_t child = fork(); if (child == 0) pause(); sprintf(path, "/proc/%d/stat", child); until(path, 'S'); kill(child, 9); until(path, 'Z'); wait(NULL); printf("%d %s\n", open(path, O_RDONLY), strerror(errno)); mkfifo("fifo", 0600); if (fork() == 0) { int w = open("fifo", O_WRONLY); write(w, "through", 7); _exit(0); } int r = open("fifo", O_RDONLY); printf("%ld\n", (long)read(r, text, 100)); wait(NULL); printf("%ld\n", (long)read(r, text, 100)); printf("%d %s\n", open("fifo", O_WRONLY | O_NONBLOCK) >= 0, ""); close(r); printf("%d %s\n", open("fifo", O_WRONLY | O_NONBLOCK), strerror(errno));
  return 0;
}
