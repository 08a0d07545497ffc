// AF_UNIX sockets: pairs, streams, datagrams, descriptors, credentials; no network
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>
#define TRY(call) do { long r_ = (long)(call); if (r_ < 0) printf("%s: %s\n", #call, strerror(errno)); else printf("%s: %ld\n", #call, r_); } while (0)
static int addr(struct sockaddr_un *a, const char *name) { memset(a, 0, sizeof *a); a->sun_family = AF_UNIX; strcpy(a->sun_path + (name[0] == '@'), name + (name[0] == '@')); return offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] != '@'); }
int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0); signal(SIGPIPE, SIG_IGN); int s[2]; char b[100000] = {0}; struct sockaddr_un a, from; socklen_t len; int value;
  TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, s)); TRY(write(s[0], "hello", 5)); TRY(send(s[0], " world", 6, 0)); TRY(recv(s[1], b, 5, MSG_PEEK)); TRY(read(s[1], b, 100)); printf("%s\n", b); TRY(recv(s[1], b, 1, MSG_DONTWAIT)); TRY(shutdown(s[0], SHUT_WR)); TRY(read(s[1], b, 1)); TRY(write(s[0], "x", 1)); TRY(write(s[1], "back", 4)); TRY(read(s[0], b, 4)); struct pollfd p = {s[1], POLLIN | POLLOUT | POLLRDHUP}; TRY(poll(&p, 1, 0)); printf("%x\n", p.revents); close(s[0]); TRY(send(s[1], "x", 1, MSG_NOSIGNAL)); TRY(poll(&p, 1, 0)); printf("%x\n", p.revents); close(s[1]);
  TRY(socketpair(AF_UNIX, SOCK_DGRAM, 0, s)); TRY(send(s[0], "one", 3, 0)); TRY(send(s[0], "three", 5, 0)); TRY(recv(s[1], b, 2, 0)); TRY(recv(s[1], b, 100, 0)); TRY(send(s[0], "", 0, 0)); TRY(recv(s[1], b, 100, 0)); close(s[0]); close(s[1]); TRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s)); TRY(fcntl(s[0], F_GETFD)); TRY(recv(s[0], b, 1, 0)); TRY(send(s[0], "pack", 4, 0)); TRY(recv(s[1], b, 2, MSG_TRUNC)); close(s[0]); TRY(recv(s[1], b, 2, 0)); close(s[1]);
  int l = socket(AF_UNIX, SOCK_STREAM, 0); len = addr(&a, "sock"); TRY(connect(l, (void *)&a, len)); TRY(bind(l, (void *)&a, len)); TRY(bind(l, (void *)&a, len)); int again = socket(AF_UNIX, SOCK_STREAM, 0); TRY(bind(again, (void *)&a, len)); TRY(connect(again, (void *)&a, len)); TRY(listen(l, 5)); struct stat st; TRY(stat("sock", &st)); printf("%o\n", st.st_mode & S_IFMT); TRY(getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &value, &(socklen_t){4})); printf("%d\n", value); TRY(getsockopt(l, SOL_SOCKET, SO_TYPE, &value, &(socklen_t){4})); printf("%d\n", value == SOCK_STREAM);
  pid_t child = fork(); if (child == 0) { int c = socket(AF_UNIX, SOCK_STREAM, 0); usleep(20000); if (connect(c, (void *)&a, len)) _exit(1); write(c, "ping", 4); int n = read(c, b, 4); struct ucred cred; socklen_t cl = sizeof cred; getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &cl); _exit(n == 4 && cred.pid == getppid() ? 5 : 6); } int c = accept(l, NULL, NULL); struct ucred cred; socklen_t cl = sizeof cred; TRY(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &cl)); printf("%d\n", cred.pid == child); memset(b, 0, 10); TRY(read(c, b, 4)); printf("%s\n", b); TRY(write(c, "pong", 4)); wait(&value); printf("%d\n", WEXITSTATUS(value)); TRY(read(c, b, 4)); from.sun_family = 0; cl = sizeof from; TRY(getsockname(l, (void *)&from, &cl)); printf("%s %d\n", from.sun_path, (int)cl); cl = sizeof from; TRY(getpeername(c, (void *)&from, &cl)); printf("%d\n", (int)cl);
  fcntl(l, F_SETFL, O_NONBLOCK); TRY(accept(l, NULL, NULL)); close(l); TRY(connect(again, (void *)&a, len)); unlink("sock");
  int d = socket(AF_UNIX, SOCK_DGRAM, 0), e = socket(AF_UNIX, SOCK_DGRAM, 0); len = addr(&a, "@hidden"); TRY(bind(d, (void *)&a, len)); struct sockaddr_un mine; int ml = addr(&mine, "sender"); TRY(bind(e, (void *)&mine, ml)); TRY(sendto(e, "data", 4, 0, (void *)&a, len)); cl = sizeof from; memset(b, 0, 10); TRY(recvfrom(d, b, 100, 0, (void *)&from, &cl)); printf("%s %s\n", b, from.sun_path); TRY(sendto(d, "back", 4, 0, (void *)&from, cl)); TRY(recv(e, b, 10, 0)); TRY(send(e, "x", 1, 0)); TRY(connect(e, (void *)&a, len)); TRY(send(e, "x", 1, 0)); TRY(recv(d, b, 10, 0));
  socketpair(AF_UNIX, SOCK_STREAM, 0, s); int f = open("passed", O_CREAT | O_RDWR, 0600); write(f, "content", 7); char control[CMSG_SPACE(sizeof(int))] = {0}; struct iovec v = {"F", 1}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control}; struct cmsghdr *h = CMSG_FIRSTHDR(&m); h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(sizeof(int)); memcpy(CMSG_DATA(h), &f, sizeof f); TRY(sendmsg(s[0], &m, 0)); close(f); memset(control, 0, sizeof control); char one; v.iov_base = &one; TRY(recvmsg(s[1], &m, 0)); h = CMSG_FIRSTHDR(&m); int got; memcpy(&got, CMSG_DATA(h), sizeof got); printf("%c %d %d %d\n", one, h->cmsg_type == SCM_RIGHTS, (int)h->cmsg_len, m.msg_flags); memset(b, 0, 10); TRY(pread(got, b, 7, 0)); printf("%s\n", b);
  if (fork() == 0) { long total = 0; close(s[0]); for (long n; (n = read(s[1], b, sizeof b)) > 0;) total += n; _exit(total == 500000 ? 1 : 2); } close(s[1]); memset(b, 'x', sizeof b); for (int i = 0; i < 5; i++) TRY(write(s[0], b, 100000)); close(s[0]); wait(&value); printf("%d\n", WEXITSTATUS(value));
  TRY(socket(99, SOCK_STREAM, 0)); TRY(socket(AF_UNIX, 99, 0)); TRY(listen(e, 1)); TRY(setsockopt(e, SOL_SOCKET, SO_SNDBUF, &value, 4)); struct timeval tv = {0, 20000}; TRY(setsockopt(d, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv)); TRY(recv(d, b, 1, 0));
  return 0;
}
