/* A C runtime for programs of the guest, small enough to be read in one sitting: epoch E system calls, nothing linked. */
#ifndef HALFCELL_REDOX_H
#define HALFCELL_REDOX_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long i64;
typedef u64 size_t;

enum { STDIN = 0, STDOUT = 1, STDERR = 2 };

/* Descriptors of a new program start low; those of its own process start here (auxiliary vector, AT_REDOX_PROC_FD). */
enum { EPIPE = 32 };

/* Each answers a negative errno on failure. */
i64 sys_read(int fd, void *buffer, size_t length);
i64 sys_write(int fd, const void *buffer, size_t length);
i64 sys_call(int fd, void *payload, size_t length, u64 flags, const u64 *metadata);
i64 sys_clock_gettime(int clock, u64 time[2]);
i64 sys_yield(void);
i64 sys_read_at(int fd, void *buffer, size_t length, u64 offset);

/* The first bytes of a file, shared with everybody who maps or reads it; 0 where that fails. */
volatile u64 *map_shared(int fd, size_t length);

/* Ends the process. */
__attribute__((noreturn)) void exit(int status);
__attribute__((noreturn)) void die_by(int signal);

/* Reads at most `length` bytes; 0 at the end. What fails ends the program with a message. */
size_t read_some(int fd, void *buffer, size_t length);
/* Standard output is collected; `flush` and the end of `main` send it. A broken pipe ends the program as SIGPIPE would. */
void print(const char *text);
void print_number(u64 number);
void print_hex(u64 number, int digits);
void print_bytes(const void *bytes, size_t length);
void flush(void);
/* One line "NAME: TEXT" on standard error. */
void complain(const char *text);

size_t text_length(const char *text);
int text_equal(const char *left, const char *right);
/* False when `text` is not a whole decimal number below 2^64. */
int parse_number(const char *text, u64 *number);

void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);

extern const char *program_name;
int main(int argc, char **argv);

#endif
