// fork, wait, exec, pipes: who gets what
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <spawn.h>
extern char **environ;
int main(int argc, char **argv) {
  if (argc > 1) { printf("%s %d %s %s %d\n", argv[1], argc, argc > 2 ? argv[2] : "-", getenv("WHO") ? getenv("WHO") : "nobody", fcntl(9, F_GETFD)); return 9; }
  setvbuf(stdout, NULL, _IONBF, 0); int status, value = 1; pid_t child;
  if ((child = fork()) == 0) { value = 2; _exit(value + (getppid() != 1 ? 0 : 0)); }
  printf("%d ", waitpid(child, &status, 0) == child); printf("exited %d value %d\n", WEXITSTATUS(status), value);
  printf("%d %s\n", wait(&status), strerror(errno));
  if ((child = fork()) == 0) { raise(SIGTERM); _exit(1); } wait(&status); printf("signal %d core %d\n", WTERMSIG(status), !!WCOREDUMP(status));
  if ((child = fork()) == 0) { *(volatile int *)8 = 1; _exit(1); } wait(&status); printf("signal %d\n", WTERMSIG(status));
  if ((child = fork()) == 0) abort(); wait(&status); printf("signal %d\n", WTERMSIG(status));
  if ((child = fork()) == 0) { volatile int zero = 0; _exit(1 / zero); } wait(&status); printf("signal %d\n", WTERMSIG(status));
  int fds[2]; pipe(fds); if ((child = fork()) == 0) { close(fds[0]); for (int i = 0; i < 5; i++) dprintf(fds[1], "message %d\n", i); _exit(0); }
  close(fds[1]); char buffer[200]; FILE *in = fdopen(fds[0], "r"); while (fgets(buffer, 200, in)) printf("got %s", buffer); fclose(in); wait(NULL);
  dup2(1, 9); if ((child = fork()) == 0) { setenv("WHO", "me", 1); execl("/proc/self/exe", argv[0], "again", "arg", NULL); _exit(127); } waitpid(child, &status, 0); printf("%d\n", WEXITSTATUS(status));
  fcntl(9, F_SETFD, FD_CLOEXEC); if (vfork() == 0) { char *args[] = {argv[0], "vforked", NULL}, *env[] = {NULL}; execve("/proc/self/exe", args, env); _exit(127); } wait(&status); printf("%d\n", WEXITSTATUS(status));
  char *args[] = {argv[0], "spawned", NULL}; int spawned = posix_spawn(&child, "/proc/self/exe", NULL, NULL, args, environ); wait(&status); printf("%d %d\n", spawned, WEXITSTATUS(status));
  printf("%d ", execl("/missing", "x", NULL)); printf("%s\n", strerror(errno)); printf("%d ", execl("/", "x", NULL)); printf("%s\n", strerror(errno)); close(open("text", O_CREAT | O_WRONLY, 0755)); printf("%d ", execl("./text", "x", NULL)); printf("%s\n", strerror(errno));
  pid_t children[10]; for (int i = 0; i < 10; i++) if ((children[i] = fork()) == 0) _exit(i); int sum = 0; for (int i = 9; i >= 0; i--) { waitpid(children[i], &status, 0); sum += WEXITSTATUS(status) * (i + 1); } printf("%d\n", sum);
  if ((child = fork()) == 0) { pause(); _exit(0); } printf("%d ", waitpid(child, &status, WNOHANG)); kill(child, SIGSTOP); waitpid(child, &status, WUNTRACED); printf("stopped %d ", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP); kill(child, SIGCONT); waitpid(child, &status, WCONTINUED); printf("continued %d ", WIFCONTINUED(status)); kill(child, SIGKILL); waitpid(child, &status, 0); printf("killed %d\n", WTERMSIG(status));
  if ((child = fork()) == 0) _exit(300); siginfo_t info; memset(&info, 0, sizeof info); printf("%d ", waitid(P_PID, child, &info, WEXITED | WNOWAIT)); printf("%d %d %d %d ", info.si_pid == child, info.si_status, info.si_code == CLD_EXITED, info.si_signo); printf("%d\n", waitpid(child, &status, 0) == child);
  printf("%d %s\n", waitpid(999999, &status, 0), strerror(errno)); printf("%d %s\n", kill(999999, 0), strerror(errno)); printf("%d\n", kill(getpid(), 0));
  signal(SIGCHLD, SIG_IGN); if (fork() == 0) _exit(1); printf("%d %s\n", wait(&status), strerror(errno)); signal(SIGCHLD, SIG_DFL);
  printf("%d %d\n", getpgrp() == getpgid(0), getsid(0) == getsid(getpid())); if ((child = fork()) == 0) { int r = setpgid(0, 0); _exit(r == 0 && getpgrp() == getpid() && setsid() == -1 && errno == EPERM); } wait(&status); printf("%d\n", WEXITSTATUS(status)); if ((child = fork()) == 0) _exit(setsid() == getpid() && getpgrp() == getpid() && getsid(0) == getpid()); wait(&status); printf("%d\n", WEXITSTATUS(status));
  return 0;
}
