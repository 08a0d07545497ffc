// time: clocks go forward together, sleeping takes its time, calendars
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
static double now(int c) { struct timespec t; clock_gettime(c, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static volatile int fired; static void tick(int s, siginfo_t *i, void *u) { fired += i->si_value.sival_int; }
static volatile int profs; static void prof(int s) { profs++; }
int main(void) {
  double a = now(CLOCK_MONOTONIC), r = now(CLOCK_REALTIME); usleep(50000); double b = now(CLOCK_MONOTONIC); printf("%d %d\n", b - a >= 0.05, b - a < 2); printf("%d\n", now(CLOCK_REALTIME) - r >= 0.05); struct timespec t = {0, 1000000000}; printf("%d %s\n", nanosleep(&t, NULL), strerror(errno)); t.tv_nsec = -1; printf("%d\n", clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL)); clock_gettime(CLOCK_MONOTONIC, &t); t.tv_nsec += 20000000; if (t.tv_nsec >= 1000000000) { t.tv_sec++; t.tv_nsec -= 1000000000; } printf("%d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL)); printf("%d\n", now(CLOCK_MONOTONIC) >= t.tv_sec + t.tv_nsec / 1e9);
  struct timeval tv; gettimeofday(&tv, NULL); time_t s = time(NULL); printf("%d %d\n", s - tv.tv_sec <= 1, s > 1700000000); printf("%d %s\n", clock_gettime(99, &t), strerror(errno)); printf("%d\n", clock_getres(CLOCK_MONOTONIC, &t)); volatile double x = 1; double cpu = now(CLOCK_PROCESS_CPUTIME_ID); for (int i = 0; i < 3000000; i++) x += 1 / x; printf("%d\n", now(CLOCK_PROCESS_CPUTIME_ID) > cpu); struct rusage u; printf("%d ", getrusage(RUSAGE_SELF, &u)); printf("%d\n", u.ru_utime.tv_sec + u.ru_utime.tv_usec > 0); struct tms m; printf("%d\n", times(&m) != (clock_t)-1); printf("%d\n", clock() > 0);
  time_t fixed = 1000000000; struct tm *g = gmtime(&fixed); char text[100]; strftime(text, 100, "%Y-%m-%d %H:%M:%S %a %j", g); printf("%s %ld\n", text, (long)timegm(g)); 
  struct sigaction sa = {.sa_sigaction = tick, .sa_flags = SA_SIGINFO}; sigaction(SIGRTMIN, &sa, NULL); timer_t id; struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 1}; printf("%d ", timer_create(CLOCK_MONOTONIC, &ev, &id)); struct itimerspec its = {{0, 10000000}, {0, 10000000}}; printf("%d ", timer_settime(id, 0, &its, NULL)); while (fired < 3) pause(); printf("%d ", timer_gettime(id, &its)); printf("%ld %d\n", its.it_interval.tv_nsec, timer_delete(id)); printf("%d %s\n", timer_delete((timer_t)99), strerror(errno));
  signal(SIGPROF, prof); signal(SIGVTALRM, prof); struct itimerval it = {{0, 5000}, {0, 5000}}; printf("%d ", setitimer(ITIMER_PROF, &it, NULL)); while (profs < 3) x += 1 / x; it.it_value.tv_usec = 0; setitimer(ITIMER_PROF, &it, NULL); it.it_value.tv_usec = 20000; it.it_interval.tv_usec = 0; setitimer(ITIMER_VIRTUAL, &it, NULL); profs = 0; usleep(40000); printf("%d ", profs); while (!profs) x += 1 / x; printf("%d\n", setitimer(9, &it, NULL));
  return 0;
}
