// robust and shared mutexes between processes; futex by hand
#define _GNU_SOURCE
#include <errno.h>
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_OP(op, arg, cmp, cmparg) ((op) << 28 | (cmp) << 24 | (arg) << 12 | (cmparg))
#define FUTEX_OP_ADD 1
#define FUTEX_OP_CMP_EQ 0
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long futex(int *w, int op, int v, struct timespec *t, int *w2, int v3) { return syscall(SYS_futex, w, op, v, t, w2, v3); }
int main(void) {
  struct { pthread_mutex_t m; pthread_cond_t c; int word, other, ready; } *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); pthread_mutexattr_t a; pthread_mutexattr_init(&a); pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED); pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST); pthread_mutex_init(&s->m, &a);
  if (fork() == 0) { pthread_mutex_lock(&s->m); _exit(0); } wait(NULL); printf("%s\n", strerror(pthread_mutex_lock(&s->m))); printf("%d %d\n", pthread_mutex_consistent(&s->m), pthread_mutex_unlock(&s->m)); printf("%d\n", pthread_mutex_lock(&s->m));
  struct timespec t = {0, 20000000}; printf("%ld %s\n", futex(&s->word, FUTEX_WAIT, 0, &t, NULL, 0), strerror(errno)); printf("%ld %s\n", futex(&s->word, FUTEX_WAIT, 1, &t, NULL, 0), strerror(errno)); printf("%ld %s\n", futex((int *)((char *)&s->word + 1), FUTEX_WAIT, 1, &t, NULL, 0), strerror(errno)); printf("%ld %s\n", futex((int *)8, FUTEX_WAIT, 1, &t, NULL, 0), strerror(errno)); printf("%ld %s\n", futex(&s->word, 99, 1, &t, NULL, 0), strerror(errno));
  for (int i = 0; i < 3; i++) if (fork() == 0) _exit(futex(&s->word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 1 : 2); usleep(50000); printf("%ld\n", futex(&s->word, FUTEX_WAKE, 1, NULL, NULL, 0)); printf("%ld\n", futex(&s->word, FUTEX_CMP_REQUEUE, 0, (void *)5, &s->other, 0)); printf("%ld\n", futex(&s->word, FUTEX_WAKE, 5, NULL, NULL, 0)); printf("%ld\n", futex(&s->other, FUTEX_WAKE, 5, NULL, NULL, 0)); int sum = 0, status; for (int i = 0; i < 3; i++) { wait(&status); sum += WEXITSTATUS(status); } printf("%d\n", sum);
  if (fork() == 0) _exit(futex(&s->other, FUTEX_WAIT_BITSET, 0, NULL, NULL, 4) == 0 ? 1 : 2); usleep(30000); printf("%ld ", futex(&s->other, FUTEX_WAKE_BITSET, 5, NULL, NULL, 3)); printf("%ld\n", futex(&s->other, FUTEX_WAKE_BITSET, 5, NULL, NULL, 6)); wait(&status); printf("%d\n", WEXITSTATUS(status)); s->word = 5; printf("%ld %d\n", futex(&s->other, FUTEX_WAKE_OP, 1, (void *)1, &s->word, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)), s->word); printf("%ld %s\n", futex(&s->word, FUTEX_CMP_REQUEUE, 0, (void *)5, &s->other, 77), strerror(errno));
  return 0;
}
