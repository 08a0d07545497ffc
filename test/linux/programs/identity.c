// ids, limits, names, priorities, system information
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/syscall.h>
#include <sys/random.h>
#include <grp.h>
#include <unistd.h>
#define TRY(call) do { long r_ = (long)(call); if (r_ < 0) printf("%s: %s\n", #call, strerror(errno)); else printf("%s: %ld\n", #call, r_); } while (0)
int main(void) {
  struct utsname u; TRY(uname(&u)); printf("%s %s\n", u.sysname, u.machine); struct rlimit l; TRY(getrlimit(RLIMIT_STACK, &l)); l.rlim_cur = 20; l.rlim_max = 20; TRY(setrlimit(RLIMIT_NOFILE, &l)); for (int i = 3; i < 25; i++) if (dup(1) < 0) { printf("%d %s\n", i, strerror(errno)); break; } TRY(getrlimit(99, &l)); for (int i = 3; i < 20; i++) close(i);
  TRY(getpriority(PRIO_PROCESS, 0)); TRY(nice(5)); TRY(getpriority(PRIO_PROCESS, 0)); TRY(setpriority(PRIO_PROCESS, 0, 7)); TRY(getpriority(PRIO_PROCESS, getpid())); TRY(getpriority(99, 0)); TRY(setpriority(PRIO_PROCESS, 999999, 1)); char name[20] = {0}; TRY(prctl(PR_SET_NAME, "renamed")); TRY(prctl(PR_GET_NAME, name)); printf("%s\n", name); struct sysinfo i; TRY(sysinfo(&i)); printf("%d\n", i.totalram * i.mem_unit > 1 << 20); TRY(sched_yield()); TRY(sched_getscheduler(0)); TRY(sched_get_priority_max(SCHED_FIFO)); TRY(sched_get_priority_min(SCHED_OTHER)); TRY(sched_get_priority_max(77)); cpu_set_t set; CPU_ZERO(&set); CPU_SET(0, &set); TRY(sched_setaffinity(0, sizeof set, &set)); TRY(sched_getaffinity(0, sizeof set, &set)); printf("%d\n", CPU_COUNT(&set)); TRY(getuid() == geteuid()); TRY(getgid() == getegid()); struct statvfs fs; TRY(statvfs("/tmp", &fs)); char r[16] = {0}, z[16] = {0}; TRY(getrandom(r, 16, 0)); printf("%d\n", memcmp(r, z, 16) != 0); TRY(getrandom(r, 16, 0x100)); TRY(syscall(SYS_gettid) == getpid()); TRY(getpgid(999999)); TRY(gethostname(name, 20) ); TRY(syscall(SYS_membarrier, 0, 0, 0) >= 0); TRY(personality(0xffffffff)); unsigned cpu = 9; TRY(syscall(SYS_getcpu, &cpu, NULL, NULL)); 
  return 0;
}
