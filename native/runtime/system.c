/* System calls: numbers and registers as redox_syscall 0.9 has them. */
#include "redox.h"

#define SYS_READ 0x22000003
#define SYS_WRITE 0x21000004
#define SYS_CALL 0x2300ca11
#define SYS_CLOCK_GETTIME 0x109
#define SYS_YIELD 0x9e
#define SYS_READ2 0x22000023
#define SYS_FMAP 0x21000384

enum { MAP_SHARED = 1, PROT_WRITE = 0x20000, PROT_READ = 0x40000 };

static i64 system_call(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e) {
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    i64 result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

i64 sys_read(int fd, void *buffer, size_t length) {
    return system_call(SYS_READ, (u64)fd, (u64)buffer, length, 0, 0);
}

i64 sys_write(int fd, const void *buffer, size_t length) {
    return system_call(SYS_WRITE, (u64)fd, (u64)buffer, length, 0, 0);
}

i64 sys_call(int fd, void *payload, size_t length, u64 flags, const u64 *metadata) {
    return system_call(SYS_CALL, (u64)fd, (u64)payload, length, flags, (u64)metadata);
}

i64 sys_clock_gettime(int clock, u64 time[2]) {
    return system_call(SYS_CLOCK_GETTIME, (u64)clock, (u64)time, 0, 0, 0);
}

i64 sys_yield(void) {
    return system_call(SYS_YIELD, 0, 0, 0, 0, 0);
}

i64 sys_read_at(int fd, void *buffer, size_t length, u64 offset) {
    return system_call(SYS_READ2, (u64)fd, (u64)buffer, length, offset, ~0UL);
}

volatile u64 *map_shared(int fd, size_t length) {
    const struct {
        u64 offset, size, flags, address;
    } map = {0, length, MAP_SHARED | PROT_READ | PROT_WRITE, 0};
    i64 address = system_call(SYS_FMAP, (u64)fd, (u64)&map, sizeof map, 0, 0);
    return address < 0 ? 0 : (volatile u64 *)address;
}
