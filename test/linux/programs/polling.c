// poll, select, epoll, eventfd, timerfd, signalfd
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0); int a[2], b[2]; pipe(a); pipe(b); struct pollfd p[3] = {{a[0], POLLIN}, {b[0], POLLIN}, {b[1], POLLOUT}};
  printf("%d ", poll(p, 3, 0)); printf("%x %x %x\n", p[0].revents, p[1].revents, p[2].revents); write(a[1], "abc", 3); printf("%d %x\n", poll(p, 2, -1), p[0].revents); printf("%d\n", poll(NULL, 0, 10)); struct pollfd bad = {77, POLLIN}; printf("%d %x\n", poll(&bad, 1, 0), bad.revents); bad.fd = -1; printf("%d\n", poll(&bad, 1, 10));
  if (fork() == 0) { usleep(30000); write(b[1], "x", 1); _exit(0); } p[0].fd = -1; printf("%d %x\n", poll(p, 2, 5000), p[1].revents); wait(NULL);
  fd_set r, w; FD_ZERO(&r); FD_ZERO(&w); FD_SET(a[0], &r); FD_SET(a[1], &w); struct timeval tv = {1, 0}; printf("%d %d %d\n", select(a[1] + 1, &r, &w, NULL, &tv), FD_ISSET(a[0], &r), FD_ISSET(a[1], &w)); char buffer[70000]; read(a[0], buffer, 3); FD_ZERO(&r); FD_SET(a[0], &r); tv.tv_sec = 0; tv.tv_usec = 20000; printf("%d %d\n", select(a[0] + 1, &r, NULL, NULL, &tv), FD_ISSET(a[0], &r)); FD_SET(60, &r); printf("%d %s\n", select(61, &r, NULL, NULL, &tv), strerror(errno));
  fcntl(a[1], F_SETFL, O_NONBLOCK); memset(buffer, 1, sizeof buffer); long total = 0, n; while ((n = write(a[1], buffer, 4096)) > 0) total += n; printf("%ld %s\n", total, strerror(errno)); p[0] = (struct pollfd){a[1], POLLOUT}; printf("%d\n", poll(p, 1, 0)); read(a[0], buffer, 4096); printf("%d %x\n", poll(p, 1, 0), p[0].revents); close(a[1]); while (read(a[0], buffer, sizeof buffer) > 0); p[0] = (struct pollfd){a[0], POLLIN}; printf("%d %x\n", poll(p, 1, 0), p[0].revents);
  int e = epoll_create1(EPOLL_CLOEXEC); struct epoll_event ev = {EPOLLIN, {.u64 = 7}}, out[4]; printf("%d ", epoll_ctl(e, EPOLL_CTL_ADD, b[0], &ev)); printf("%d %s\n", epoll_ctl(e, EPOLL_CTL_ADD, b[0], &ev), strerror(errno)); printf("%d %d %d\n", epoll_wait(e, out, 4, 0), (int)out[0].data.u64, out[0].events); printf("%d\n", epoll_wait(e, out, 4, 0)); read(b[0], buffer, 10); printf("%d\n", epoll_wait(e, out, 4, 10));
  ev.events = EPOLLIN | EPOLLET; epoll_ctl(e, EPOLL_CTL_MOD, b[0], &ev); write(b[1], "1", 1); printf("%d ", epoll_wait(e, out, 4, 0)); printf("%d ", epoll_wait(e, out, 4, 0)); write(b[1], "2", 1); printf("%d\n", epoll_wait(e, out, 4, 0)); ev.events = EPOLLIN | EPOLLONESHOT; epoll_ctl(e, EPOLL_CTL_MOD, b[0], &ev); printf("%d ", epoll_wait(e, out, 4, 0)); write(b[1], "3", 1); printf("%d ", epoll_wait(e, out, 4, 0)); epoll_ctl(e, EPOLL_CTL_MOD, b[0], &ev); printf("%d\n", epoll_wait(e, out, 4, 0));
  int regular = open("plain", O_CREAT | O_RDWR, 0600); printf("%d %s\n", epoll_ctl(e, EPOLL_CTL_ADD, regular, &ev), strerror(errno)); printf("%d %s\n", epoll_ctl(e, EPOLL_CTL_DEL, 1, NULL), strerror(errno)); printf("%d\n", epoll_ctl(e, EPOLL_CTL_DEL, b[0], NULL)); printf("%d %s\n", epoll_ctl(e, EPOLL_CTL_ADD, e, &ev), strerror(errno));
  int v = eventfd(3, EFD_NONBLOCK); uint64_t x; read(v, &x, 8); printf("%d %ld %s\n", (int)x, (long)read(v, &x, 8), strerror(errno)); x = 5; write(v, &x, 8); write(v, &x, 8); read(v, &x, 8); printf("%d\n", (int)x); ev.events = EPOLLIN; ev.data.u64 = 9; epoll_ctl(e, EPOLL_CTL_ADD, v, &ev); if (fork() == 0) { usleep(30000); x = 1; write(v, &x, 8); _exit(0); } printf("%d %d\n", epoll_wait(e, out, 4, 3000), (int)out[0].data.u64); wait(NULL); int dup_v = dup(v); close(v); printf("%d ", epoll_wait(e, out, 4, 0)); close(dup_v); printf("%d\n", epoll_wait(e, out, 4, 0)); int sem = eventfd(2, EFD_SEMAPHORE); read(sem, &x, 8); printf("%d\n", (int)x);
  int t = timerfd_create(CLOCK_MONOTONIC, 0); struct itimerspec its = {{0, 10000000}, {0, 20000000}}; timerfd_settime(t, 0, &its, NULL); read(t, &x, 8); printf("%d ", x >= 1); usleep(50000); read(t, &x, 8); printf("%d ", x >= 3); timerfd_gettime(t, &its); printf("%ld %d\n", its.it_interval.tv_nsec, its.it_value.tv_nsec > 0); p[0] = (struct pollfd){t, POLLIN}; printf("%d\n", poll(p, 1, 1000));
  sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR1); sigprocmask(SIG_BLOCK, &s, NULL); int sf = signalfd(-1, &s, 0); p[0] = (struct pollfd){sf, POLLIN}; printf("%d ", poll(p, 1, 0)); kill(getpid(), SIGUSR1); struct signalfd_siginfo si; printf("%d %ld ", poll(p, 1, 0), (long)read(sf, &si, sizeof si)); printf("%d %d\n", si.ssi_signo, si.ssi_pid == getpid()); if (fork() == 0) { usleep(20000); kill(getppid(), SIGUSR1); _exit(0); } printf("%ld\n", (long)read(sf, &si, sizeof si));
  int outer = epoll_create1(0); ev.events = EPOLLIN; epoll_ctl(outer, EPOLL_CTL_ADD, e, &ev); epoll_ctl(e, EPOLL_CTL_ADD, sem, &ev); printf("%d\n", epoll_wait(outer, out, 4, 0)); printf("%d %s\n", epoll_ctl(e, EPOLL_CTL_ADD, outer, &ev), strerror(errno));
  return 0;
}
