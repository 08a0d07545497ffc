// AF_UNIX sockets where buffers are not there yet, descriptors run out, and nobody is connected
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TRY(call) do { long r_ = (long)(call); if (r_ < 0) printf("%s: %s\n", #call, strerror(errno)); else printf("%s: %ld\n", #call, r_); } while (0)

static struct sockaddr_un addressOf(const char *name, socklen_t *length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path + 1, name);
  *length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
  return address;
}

/** Pages that nobody has touched. */
static void *fresh(void) {
  return mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void shutdownAlone(void) {
  int stream = socket(AF_UNIX, SOCK_STREAM, 0), datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
  TRY(shutdown(stream, SHUT_RD));
  TRY(shutdown(datagrams, SHUT_RDWR));
  TRY(shutdown(stream, 3));
  TRY(shutdown(stream, -1));
  close(stream);
  close(datagrams);
}

static void addressInFreshPage(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  send(pair[0], "first", 5, 0);
  send(pair[0], "second", 6, 0);
  char text[16] = {0};
  socklen_t *length = fresh();
  TRY(recvfrom(pair[1], text, sizeof text, 0, fresh(), length));
  printf("%s\n", text);
  close(pair[0]);
  close(pair[1]);
}

static void severalInFreshPages(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  const char *texts[] = {"one", "two", "three"};
  for (int i = 0; i < 3; i++) send(pair[0], texts[i], strlen(texts[i]), 0);
  char *buffers[3];
  struct iovec parts[3];
  struct mmsghdr messages[3] = {0};
  for (int i = 0; i < 3; i++) {
    buffers[i] = fresh();
    parts[i] = (struct iovec){buffers[i], 10};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  for (int got = 0, n; got < 3; got += n) {
    n = recvmmsg(pair[1], messages + got, 3 - got, MSG_DONTWAIT, NULL);
    if (n <= 0) break;
  }
  printf("%s %s %s\n", buffers[0], buffers[1], buffers[2]);
  close(pair[0]);
  close(pair[1]);
}

static void descriptorWithoutBytes(void) {
  int pair[2], ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pipe2(ends, O_NONBLOCK);
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {"", 0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
  memcpy(CMSG_DATA(header), &ends[1], sizeof(int));
  TRY(sendmsg(pair[0], &message, 0));
  close(ends[1]);
  char byte;
  TRY(read(ends[0], &byte, 1));
  close(pair[0]);
  close(pair[1]);
  close(ends[0]);
}

static void acceptWithoutRoom(void) {
  socklen_t length;
  struct sockaddr_un address = addressOf("edges", &length);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  TRY(bind(listener, (void *)&address, length));
  TRY(listen(listener, 1));
  TRY(connect(client, (void *)&address, length));
  struct rlimit old, few = {client + 1, 1024};
  getrlimit(RLIMIT_NOFILE, &old);
  few.rlim_max = old.rlim_max;
  setrlimit(RLIMIT_NOFILE, &few);
  TRY(accept(listener, NULL, NULL));
  setrlimit(RLIMIT_NOFILE, &old);
  int server = accept(listener, NULL, NULL);
  TRY(write(client, "hello", 5));
  char text[8] = {0};
  TRY(read(server, text, 5));
  printf("%s\n", text);
  close(listener);
  close(client);
  close(server);
}

static void datagramsOfAPair(void) {
  socklen_t length;
  struct sockaddr_un address = addressOf("paired", &length);
  int first = socket(AF_UNIX, SOCK_DGRAM, 0), second = socket(AF_UNIX, SOCK_DGRAM, 0), third = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t otherLength;
  struct sockaddr_un other = addressOf("other", &otherLength);
  bind(first, (void *)&address, length);
  bind(second, (void *)&other, otherLength);
  TRY(connect(first, (void *)&other, otherLength));
  TRY(sendto(second, "x", 1, 0, (void *)&address, length));
  TRY(sendto(third, "x", 1, 0, (void *)&address, length));
  TRY(connect(third, (void *)&address, length));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  shutdownAlone();
  addressInFreshPage();
  severalInFreshPages();
  descriptorWithoutBytes();
  acceptWithoutRoom();
  datagramsOfAPair();
  return 0;
}
