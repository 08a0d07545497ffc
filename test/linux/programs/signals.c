// signals: handlers, masks, info, restart, suspend, alarms, alternate stack
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
static volatile sig_atomic_t count, last; static siginfo_t seen; static char alternate[65536]; static volatile int on_alternate; static sigjmp_buf out; static int order[10], orders;
static void simple(int s) { count++; last = s; } static void detailed(int s, siginfo_t *i, void *u) { seen = *i; last = s; count++; } static void ordered(int s) { order[orders++] = s; }
static void where(int s) { char here; on_alternate = &here >= alternate && &here < alternate + sizeof alternate; } static void jump(int s, siginfo_t *i, void *u) { seen = *i; siglongjmp(out, s); }
static void skip(int s, siginfo_t *i, void *u) { ((ucontext_t *)u)->uc_mcontext.gregs[REG_RIP] += 2; }
static void install(int s, void *h, int flags) { struct sigaction a = {0}; a.sa_sigaction = h; a.sa_flags = flags; sigemptyset(&a.sa_mask); sigaction(s, &a, NULL); }
int main(void) {
  sigset_t set, old, pending; setvbuf(stdout, NULL, _IONBF, 0);
  install(SIGUSR1, simple, 0); raise(SIGUSR1); kill(getpid(), SIGUSR1); printf("%d %d\n", count, last);
  sigemptyset(&set); sigaddset(&set, SIGUSR1); sigprocmask(SIG_BLOCK, &set, &old); raise(SIGUSR1); raise(SIGUSR1); sigpending(&pending); printf("%d %d\n", count, sigismember(&pending, SIGUSR1)); sigprocmask(SIG_SETMASK, &old, NULL); printf("%d\n", count);
  install(SIGUSR2, detailed, SA_SIGINFO); union sigval v = {.sival_int = 77}; sigqueue(getpid(), SIGUSR2, v); printf("%d %d %d %d\n", seen.si_signo, seen.si_code == SI_QUEUE, seen.si_value.sival_int, seen.si_pid == getpid()); kill(getpid(), SIGUSR2); printf("%d\n", seen.si_code == SI_USER);
  install(SIGRTMIN, detailed, SA_SIGINFO); sigaddset(&set, SIGRTMIN); sigprocmask(SIG_BLOCK, &set, NULL); for (int i = 0; i < 3; i++) { v.sival_int = i; sigqueue(getpid(), SIGRTMIN, v); } count = 0; siginfo_t info; printf("%d ", sigwaitinfo(&set, &info) == SIGRTMIN); printf("%d ", info.si_value.sival_int); sigprocmask(SIG_SETMASK, &old, NULL); printf("%d %d\n", count, seen.si_value.sival_int);
  int fds[2]; pipe(fds); install(SIGALRM, simple, 0); char c; ualarm(20000, 0); printf("%ld ", (long)read(fds[0], &c, 1)); printf("%s\n", strerror(errno));
  install(SIGALRM, simple, SA_RESTART); count = 0; if (fork() == 0) { usleep(150000); write(fds[1], "x", 1); _exit(0); } ualarm(20000, 0); printf("%ld ", (long)read(fds[0], &c, 1)); printf("%c %d\n", c, count); wait(NULL);
  install(SIGALRM, simple, 0); struct timespec ts = {5, 0}, rem; ualarm(20000, 0); printf("%d %d %d\n", nanosleep(&ts, &rem), errno == EINTR, rem.tv_sec == 4);
  install(SIGALRM, simple, 0); sigaddset(&set, SIGALRM); sigprocmask(SIG_BLOCK, &set, NULL); count = 0; ualarm(20000, 0); sigset_t none; sigemptyset(&none); printf("%d %d %d\n", sigsuspend(&none), errno == EINTR, count); sigprocmask(SIG_SETMASK, &old, NULL);
  struct itimerval it = {{0, 10000}, {0, 10000}}; count = 0; setitimer(ITIMER_REAL, &it, NULL); while (count < 5) pause(); memset(&it, 0, sizeof it); setitimer(ITIMER_REAL, &it, NULL); printf("ticks\n"); count = 0; alarm(100); printf("%u %u\n", alarm(0), alarm(0));
  volatile long spins = 0; it.it_value.tv_usec = 20000; setitimer(ITIMER_REAL, &it, NULL); while (!count) spins++; printf("interrupted a loop %d\n", spins > 100);
  stack_t st = {.ss_sp = alternate, .ss_size = sizeof alternate}, was; sigaltstack(&st, NULL); install(SIGUSR1, where, SA_ONSTACK); raise(SIGUSR1); printf("%d ", on_alternate); install(SIGUSR1, where, 0); raise(SIGUSR1); printf("%d ", on_alternate); sigaltstack(NULL, &was); printf("%d %d\n", was.ss_sp == alternate, was.ss_flags);
  install(SIGSEGV, jump, SA_SIGINFO | SA_ONSTACK); int s; if ((s = sigsetjmp(out, 1)) == 0) *(volatile char *)0x123 = 1; printf("%d %p %d\n", s, seen.si_addr, seen.si_code); if ((s = sigsetjmp(out, 1)) == 0) *(volatile char *)main = 1; printf("%d %d %d\n", s, seen.si_addr == (void *)main, seen.si_code);
  install(SIGFPE, jump, SA_SIGINFO); volatile int zero = 0; if ((s = sigsetjmp(out, 1)) == 0) zero = 1 / zero; printf("%d %d\n", s, seen.si_code); install(SIGILL, skip, SA_SIGINFO); __asm__ volatile("ud2"); printf("skipped\n"); install(SIGTRAP, simple, 0); __asm__ volatile("int3"); printf("%d\n", last);
  install(SIGPIPE, simple, 0); close(fds[0]); printf("%ld ", (long)write(fds[1], "x", 1)); printf("%s %d\n", strerror(errno), last); signal(SIGPIPE, SIG_IGN); printf("%ld %s\n", (long)write(fds[1], "x", 1), strerror(errno));
  install(SIGCHLD, detailed, SA_SIGINFO); count = 0; pid_t child = fork(); if (child == 0) _exit(7); while (!count) pause(); printf("%d %d %d %d\n", seen.si_signo, seen.si_code, seen.si_status, seen.si_pid == child); wait(NULL);
  struct sigaction mask = {.sa_handler = ordered}; sigfillset(&mask.sa_mask); sigaction(SIGUSR1, &mask, NULL); sigaction(SIGUSR2, &mask, NULL); sigaction(SIGTERM, &mask, NULL); sigfillset(&set); sigprocmask(SIG_BLOCK, &set, NULL); raise(SIGTERM); raise(SIGUSR2); raise(SIGUSR1); sigemptyset(&set); sigprocmask(SIG_SETMASK, &set, NULL); printf("%d %d %d\n", orders, order[0], order[1]);
  install(SIGUSR1, simple, SA_RESETHAND); raise(SIGUSR1); struct sigaction now; sigaction(SIGUSR1, NULL, &now); printf("%d\n", now.sa_handler == SIG_DFL); printf("%d %d\n", sigaction(SIGKILL, &mask, NULL), errno == EINVAL); errno = 0; sigset_t alarms; sigemptyset(&alarms); sigaddset(&alarms, SIGALRM); sigprocmask(SIG_BLOCK, &alarms, NULL); struct timespec shortly = {0, 20000000}; printf("%d %d\n", sigtimedwait(&alarms, NULL, &shortly), errno == EAGAIN); ualarm(20000, 0); printf("%d\n", sigwaitinfo(&alarms, NULL));
  fflush(stdout); signal(SIGTERM, SIG_DFL); kill(getpid(), SIGTERM); return 0;
}
