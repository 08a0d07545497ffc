// jobs: groups, stops, orphans, threads that exec and exit, what exec and fork hand on
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile int got, stopped; static void note(int s) { got |= 1 << s; } static volatile int *shared;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void *exec_it(void *name) { execl("/proc/self/exe", name, "from-thread", NULL); return NULL; }
static void *outlive(void *p) { usleep(30000); write(1, "outlived\n", 9); return NULL; }
static void *sleeper(void *p) { for (;;) pause(); return NULL; } static void *quit(void *p) { usleep(10000); exit(21); }
static int clone_child(void *p) { *shared = 5; return 9; }
int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0); int status; pid_t pid, group;
  if (argc > 1 && !strcmp(argv[1], "from-thread")) { printf("%d %d\n", getpid() == syscall(SYS_gettid), getpid() == atoi(getenv("EXPECTED"))); return 12; }
  if (argc > 1) { sigset_t m, p; sigprocmask(0, NULL, &m); sigpending(&p); struct sigaction a, b; sigaction(SIGUSR1, NULL, &a); sigaction(SIGUSR2, NULL, &b); printf("%d %d %d %d %d\n", sigismember(&m, SIGHUP), sigismember(&p, SIGHUP), a.sa_handler == SIG_IGN, b.sa_handler == SIG_DFL, alarm(0) > 0); return 0; }
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if ((pid = fork()) == 0) { sigset_t m; sigemptyset(&m); sigaddset(&m, SIGHUP); sigprocmask(SIG_BLOCK, &m, NULL); raise(SIGHUP); signal(SIGUSR1, SIG_IGN); signal(SIGUSR2, note); alarm(50); execl("/proc/self/exe", argv[0], "look", NULL); } wait(&status);
  if ((pid = fork()) == 0) { char text[20]; sprintf(text, "%d", getpid()); setenv("EXPECTED", text, 1); pthread_t t; pthread_create(&t, NULL, sleeper, NULL); pthread_create(&t, NULL, exec_it, argv[0]); pause(); } waitpid(pid, &status, 0); printf("%d\n", WEXITSTATUS(status));
  if ((pid = fork()) == 0) { pthread_t t; pthread_create(&t, NULL, outlive, NULL); pthread_exit(NULL); } waitpid(pid, &status, 0); printf("%d %d\n", WIFEXITED(status), WEXITSTATUS(status));
  if ((pid = fork()) == 0) { pthread_t t; pthread_create(&t, NULL, sleeper, NULL); pthread_create(&t, NULL, quit, NULL); pause(); } waitpid(pid, &status, 0); printf("%d\n", WEXITSTATUS(status));
  if ((pid = fork()) == 0) { pthread_t t; for (int i = 0; i < 3; i++) pthread_create(&t, NULL, sleeper, NULL); usleep(10000); kill(getpid(), SIGTERM); pause(); } waitpid(pid, &status, 0); printf("%d\n", WTERMSIG(status));
  if ((group = fork()) == 0) { setpgid(0, 0); if (fork() == 0) { pause(); _exit(0); } pause(); _exit(0); } setpgid(group, group); usleep(20000); printf("%d ", kill(-group, SIGTERM)); printf("%d\n", waitpid(-group, &status, 0) == group); printf("%d\n", WTERMSIG(status)); usleep(20000); printf("%d %s\n", kill(-group, 0) == 0 || errno == ESRCH, "");
  double start = now(); if ((pid = fork()) == 0) { struct timespec t = {0, 300000000}, left; int r = nanosleep(&t, &left); _exit(r == 0 ? 3 : 4); } usleep(50000); kill(pid, SIGSTOP); waitpid(pid, &status, WUNTRACED); printf("%d ", WIFSTOPPED(status)); usleep(100000); kill(pid, SIGCONT); waitpid(pid, &status, 0); printf("%d %d %d\n", WEXITSTATUS(status), now() - start >= 0.3, now() - start < 0.9);
  if ((pid = fork()) == 0) { signal(SIGCONT, note); while (!got) usleep(1000); _exit(got == 1 << SIGCONT ? 6 : 7); } kill(pid, SIGSTOP); waitpid(pid, &status, WUNTRACED); kill(pid, SIGUSR1); kill(pid, SIGCONT); waitpid(pid, &status, 0); printf("%d %d\n", WIFSIGNALED(status) ? WTERMSIG(status) == SIGUSR1 : -1, WEXITSTATUS(status) == 6 || WIFSIGNALED(status));
  if ((pid = fork()) == 0) { setsid(); signal(SIGTSTP, SIG_DFL); raise(SIGTSTP); _exit(8); } waitpid(pid, &status, WUNTRACED); printf("%d %d\n", WIFEXITED(status), WEXITSTATUS(status));
  int fds[2]; pipe(fds); if (fork() == 0) { if (fork() == 0) { close(fds[0]); while (getppid() != 1 && *shared != 77) usleep(1000); write(fds[1], "adopted\n", 8); _exit(0); } _exit(0); } close(fds[1]); wait(NULL); *shared = 77; char text[20] = {0}; read(fds[0], text, 19); printf("%s", text);
  struct sigaction nowait = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}; while (wait(NULL) > 0) { } sigaction(SIGCHLD, &nowait, NULL); if (fork() == 0) _exit(0); printf("%d %s\n", wait(NULL), strerror(errno)); nowait.sa_flags = 0; sigaction(SIGCHLD, &nowait, NULL);
  struct sigaction restart = {.sa_handler = note, .sa_flags = SA_RESTART}; sigaction(SIGALRM, &restart, NULL); got = 0; if ((pid = fork()) == 0) { usleep(100000); _exit(5); } struct itimerval it = {{0, 0}, {0, 20000}}; setitimer(ITIMER_REAL, &it, NULL); printf("%d ", waitpid(pid, &status, 0) == pid); printf("%d %d\n", WEXITSTATUS(status), got == 1 << SIGALRM); pthread_mutex_t *m = (void *)(shared + 16); pthread_mutexattr_t attr; pthread_mutexattr_init(&attr); pthread_mutexattr_setpshared(&attr, 1); pthread_mutex_init(m, &attr); pthread_mutex_lock(m); if (fork() == 0) { struct itimerval i2 = {{0, 5000}, {0, 5000}}; setitimer(ITIMER_REAL, &i2, NULL); pthread_mutex_lock(m); _exit(got ? 11 : 12); } usleep(60000); pthread_mutex_unlock(m); wait(&status); printf("%d\n", WEXITSTATUS(status));
  *shared = 0; char *stack = malloc(65536); pid = clone(clone_child, stack + 65536, CLONE_VM | SIGCHLD, NULL); waitpid(pid, &status, 0); printf("%d %d\n", *shared, WEXITSTATUS(status)); pid = clone(clone_child, stack + 65536, CLONE_VM | CLONE_VFORK, NULL); printf("%d %s ", waitpid(pid, &status, WNOHANG), strerror(errno)); printf("%d\n", waitpid(pid, &status, __WALL) == pid); printf("%ld %s\n", syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), strerror(errno));
  if ((pid = fork()) == 0) { prctl(PR_SET_PDEATHSIG, SIGUSR1); _exit(0); } wait(NULL); if ((pid = vfork()) == 0) _exit(33); waitpid(pid, &status, 0); printf("%d\n", WEXITSTATUS(status)); signal(SIGUSR1, note); got = 0; sigset_t block, old; sigemptyset(&block); sigaddset(&block, SIGUSR1); sigprocmask(SIG_BLOCK, &block, &old); if (fork() == 0) { sigset_t p; sigpending(&p); _exit(sigismember(&p, SIGUSR1)); } raise(SIGUSR1); wait(&status); printf("%d %d ", WEXITSTATUS(status), got); sigprocmask(SIG_SETMASK, &old, NULL); printf("%d\n", got == 1 << SIGUSR1); printf("%d %s\n", setpgid(0, 999999), strerror(errno)); printf("%d %s\n", setpgid(999999, 0), strerror(errno)); return 0;
}
