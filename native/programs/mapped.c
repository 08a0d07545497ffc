/* mapped [once]: maps the file that is standard input and counts in every word of it, on from what it finds, checking that nobody
 * else did and that read() sees each round, until somebody makes the file's first byte anything but 0. Prints the last round. */
#include "../runtime/redox.h"

#define WORDS 4096
#define BYTES (WORDS * sizeof(u64))

static u64 seen[WORDS];

static int differs(u64 round) {
    if (sys_read_at(STDIN, seen, BYTES, 0) != (i64)BYTES) return 1;
    for (u64 i = 1; i < WORDS; i++)
        if (seen[i] != round) return 1;
    return 0;
}

int main(int argc, char **argv) {
    int once = argc > 1 && text_equal(argv[1], "once");
    volatile u64 *words = map_shared(STDIN, BYTES);
    if (!words) return complain("standard input cannot be mapped"), 1;
    u64 round = words[1];
    while (!words[0]) {
        for (u64 i = 1; i < WORDS; i++) {
            if (words[i] != round) return complain("a word has changed by itself"), 1;
            words[i] = round + 1;
        }
        if (differs(++round)) return complain("the file is not what was mapped"), 1;
        if (once) break;
    }
    print_number(round);
    print("\n");
    return 0;
}
