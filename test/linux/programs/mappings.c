// mmap: private, shared, files, protection, fixed places, growing and moving
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static sigjmp_buf out; static siginfo_t seen; static void fault(int s, siginfo_t *i, void *u) { seen = *i; siglongjmp(out, s); }
#define P 4096
#define FAULTS(code) (sigsetjmp(out, 1) == 0 ? (code, 0) : seen.si_signo * 10 + seen.si_code)
int main(void) {
  struct sigaction a = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO}; sigaction(SIGSEGV, &a, NULL); sigaction(SIGBUS, &a, NULL);
  volatile char *m = mmap(NULL, 4 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); printf("%d ", m[P]); m[P] = 7; mprotect((void *)m, 2 * P, PROT_READ); printf("%d %d ", m[P], FAULTS(m[P] = 8)); mprotect((void *)m, 2 * P, PROT_NONE); printf("%d ", FAULTS((void)m[P])); mprotect((void *)m, 2 * P, PROT_READ | PROT_WRITE); printf("%d ", m[P]); munmap((void *)(m + P), P); printf("%d %d\n", FAULTS((void)m[P]), m[2 * P]);
  volatile int *s = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *s = *q = 1; if (fork() == 0) { *s = 2; *q = 2; _exit(0); } wait(NULL); printf("%d %d\n", *s, *q);
  int f = open("mapped", O_CREAT | O_RDWR, 0600); char text[2 * P]; memset(text, 'a', sizeof text); write(f, text, P + 100); char *r = mmap(NULL, 3 * P, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0), *c = mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0); printf("%c %c %d %d\n", r[0], c[P + 99], r[P + 100], FAULTS(r[2 * P] = 1)); r[5] = 'b'; c[6] = 'c'; pread(f, text, 10, 0); printf("%.10s %c\n", text, c[5]); pwrite(f, "Q", 1, 7); printf("%c %c\n", r[7], r[6]); printf("%d\n", msync(r, 2 * P, MS_SYNC)); ftruncate(f, 3 * P); r[2 * P] = 'z'; pread(f, text, 1, 2 * P); printf("%c\n", text[0]); munmap(r, 3 * P); close(f); f = open("mapped", O_RDONLY); pread(f, text, 10, 0); printf("%.10s\n", text); printf("%d %s\n", mmap(NULL, P, PROT_WRITE, MAP_SHARED, f, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mmap(NULL, 0, PROT_READ, MAP_PRIVATE, f, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mmap(NULL, P, PROT_READ, MAP_PRIVATE, f, 100) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mmap(NULL, P, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED, strerror(errno)); char *o = mmap(NULL, P, PROT_READ, MAP_PRIVATE, f, P); printf("%c\n", o[0]); close(f); printf("%c\n", o[99]);
  char *g = mmap(NULL, 16 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); g[0] = 'x'; g[3 * P] = 'y'; char *h = mremap(g, 4 * P, 64 * P, MREMAP_MAYMOVE); printf("%c %c %d\n", h[0], h[3 * P], h[63 * P]); h[63 * P] = 1; h = mremap(h, 64 * P, 2 * P, 0); printf("%c %d\n", h[0], FAULTS((void)h[2 * P])); printf("%d %s\n", mremap((void *)0x10000000000, P, 2 * P, 0) == MAP_FAILED, strerror(errno)); char *fixed = mmap(h, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); printf("%d %d\n", fixed == h, h[0]); printf("%d %s\n", mmap(h, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED, strerror(errno)); printf("%d %s\n", mprotect((void *)123, P, PROT_READ), strerror(errno)); printf("%d %s\n", mprotect((void *)0x10000000000, P, PROT_READ), strerror(errno)); printf("%d %s\n", munmap((void *)1, P), strerror(errno));
  char *d = mmap(NULL, 2 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); memset(d, 5, 2 * P); printf("%d ", madvise(d, P, MADV_DONTNEED)); printf("%d %d\n", d[0], d[P]); unsigned char vec[2]; printf("%d\n", mincore(d, 2 * P, vec)); long brk = syscall(SYS_brk, 0); printf("%d ", syscall(SYS_brk, brk + 3 * P) == brk + 3 * P); ((char *)brk)[2 * P] = 1; printf("%d ", syscall(SYS_brk, brk) == brk); printf("%d\n", syscall(SYS_brk, 8) == brk); int mem = memfd_create("name", 0); ftruncate(mem, P); char *mm = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0); strcpy(mm, "memory"); read(mem, text, 10); printf("%s\n", text);
  unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; void *x = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); memcpy(x, code, 6); printf("%d ", FAULTS(((int (*)(void))x)())); mprotect(x, P, PROT_READ | PROT_EXEC); printf("%d\n", ((int (*)(void))x)()); if (fork() == 0) { mprotect(x, P, PROT_READ | PROT_WRITE | PROT_EXEC); ((char *)x)[1] = 43; _exit(((int (*)(void))x)()); } int status; wait(&status); printf("%d %d\n", WEXITSTATUS(status), ((int (*)(void))x)());
  return 0;
}
