// The loads on the bare machine: NAME ROUNDS at the end of the boot loader's command line. It says that it is ready, and sends a line with
// the checksum for each byte from the serial port, until the byte `q` switches the power off.
#include "../loads/list.h"
#include "../loads/load.h"

#define DECLARE(function, name) load function;
#define ENTRY(function, name) {name, function},

LOADS(DECLARE)
#ifdef __x86_64__
load matrix_avx2;
#endif

static const struct {
  const char *name;
  load *run;
} loads[] = {LOADS(ENTRY)
#ifdef __x86_64__
             {"matrix", matrix_avx2}
#endif
};

enum { COM1 = 0x3f8, LINE_STATUS = COM1 + 5, RECEIVED = 1, CAN_SEND = 0x20 };
// QEMU's PIIX4 power management, as its firmware sets it up; its other machines have the control register elsewhere.
enum { POWER_CONTROL = 0x604, SLEEP_ENABLE = 0x2000 };

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }

static u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static void send(char c) {
  while (!(in8(LINE_STATUS) & CAN_SEND)) continue;
  out8(COM1, (u8)c);
}

static void send_text(const char *text) {
  while (*text) send(*text++);
}

static char receive(void) {
  while (!(in8(LINE_STATUS) & RECEIVED)) continue;
  return (char)in8(COM1);
}

static void send_number(u64 number) {
  for (int shift = 60; shift >= 0; shift -= 4) send("0123456789abcdef"[number >> shift & 15]);
  send('\n');
}

/** Of the Multiboot information, or of PVH's start information, which begins with its own magic number. */
static const char *command_line(const u32 *information) {
  const u32 pvh_magic = 0x336ec578, has_command_line = 4;
  if (information[0] == pvh_magic) return (const char *)(uintptr_t)information[6];
  return information[0] & has_command_line ? (const char *)(uintptr_t)information[4] : "";
}

static int same(const char *left, const char *right) {
  for (; *right; left++, right++)
    if (*left != *right) return 0;
  return *left == 0 || *left == ' ';
}

static u32 number_at(const char *text) {
  u32 value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (u32)(*text - '0');
  return value;
}

/** The word that is `back` words before the end. */
static const char *word_from_end(const char *text, int back) {
  const char *end = text;
  while (*end) end++;
  while (end > text && end[-1] == ' ') end--;
  for (;; back--) {
    while (end > text && end[-1] != ' ') end--;
    if (back == 0) return end;
    while (end > text && end[-1] == ' ') end--;
  }
}

static void serve(load *run, u32 rounds) {
  send_text("ready\n");
  while (receive() != 'q') send_number(run(rounds));
}

static int lacks_avx2(void) {
  u32 a = 7, b, c = 0, d;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  u32 has_avx2 = b & 1u << 5;
  a = 1;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return !has_avx2 || !(c & 1u << 12) || !(c & 1u << 27);
}

void run(const u32 *information) {
  const char *line = command_line(information), *name = word_from_end(line, 1);
  u32 rounds = number_at(word_from_end(line, 0));
  out8(COM1 + 3, 3);
  for (u32 i = 0; i < COUNT(loads); i++) {
    if (!same(name, loads[i].name)) continue;
    if (same(name, "matrix") && lacks_avx2()) send_text("lacks AVX2 and FMA\n");
    else serve(loads[i].run, rounds);
  }
  out16(POWER_CONTROL, SLEEP_ENABLE);
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ length) {
  void *result = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
  return result;
}

void *memset(void *to, int byte, __SIZE_TYPE__ length) {
  void *result = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(byte) : "memory");
  return result;
}
