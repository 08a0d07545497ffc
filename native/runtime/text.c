#include "redox.h"

#define OUTPUT_BYTES 4096
#define SIGPIPE 13

static u8 output[OUTPUT_BYTES];
static size_t output_length;

size_t text_length(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

int text_equal(const char *left, const char *right) {
    while (*left && *left == *right) left++, right++;
    return *left == *right;
}

int parse_number(const char *text, u64 *number) {
    const u64 most = ~0UL;
    u64 value = 0;
    if (!*text) return 0;
    for (; *text; text++) {
        u64 digit = (u64)(*text - '0');
        if (*text < '0' || *text > '9' || value > (most - digit) / 10) return 0;
        value = value * 10 + digit;
    }
    *number = value;
    return 1;
}

void *memcpy(void *to, const void *from, size_t length) {
    void *result = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
    return result;
}

void *memset(void *to, int byte, size_t length) {
    void *result = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(byte) : "memory");
    return result;
}

static void write_all(int fd, const u8 *bytes, size_t length) {
    while (length > 0) {
        i64 written = sys_write(fd, bytes, length);
        if (written == -EPIPE) die_by(SIGPIPE);
        if (written <= 0) return;
        bytes += written;
        length -= (size_t)written;
    }
}

void flush(void) {
    size_t length = output_length;
    output_length = 0;
    write_all(STDOUT, output, length);
}

void print_bytes(const void *bytes, size_t length) {
    if (length > OUTPUT_BYTES - output_length) flush();
    if (length > OUTPUT_BYTES) return write_all(STDOUT, bytes, length);
    memcpy(output + output_length, bytes, length);
    output_length += length;
}

void print(const char *text) {
    print_bytes(text, text_length(text));
}

void print_number(u64 number) {
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    print_bytes(digits + at, sizeof digits - at);
}

void print_hex(u64 number, int digits) {
    while (digits-- > 0) print_bytes(&"0123456789abcdef"[(number >> (4 * digits)) & 15], 1);
}

void complain(const char *text) {
    flush();
    write_all(STDERR, (const u8 *)program_name, text_length(program_name));
    write_all(STDERR, (const u8 *)": ", 2);
    write_all(STDERR, (const u8 *)text, text_length(text));
    write_all(STDERR, (const u8 *)"\n", 1);
}

size_t read_some(int fd, void *buffer, size_t length) {
    i64 count = sys_read(fd, buffer, length);
    if (count >= 0) return (size_t)count;
    complain("input cannot be read");
    exit(1);
}
