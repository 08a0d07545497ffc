/* fault KIND: dies as programs with a mistake do, to see what the machine makes of it. */
#include "../runtime/redox.h"

static int deeper(volatile u8 *above) {
    volatile u8 frame[4096];
    frame[0] = above[0];
    return frame[0] == 0xff ? 0 : deeper(frame) + frame[1];
}

static int usage(void) {
    complain("usage: fault null | write | divide | illegal | stack | spin");
    return 2;
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    volatile int zero = 0;
    if (text_equal(kind, "null")) return *(volatile int *)(u64)zero;
    if (text_equal(kind, "write")) *(volatile u8 *)main = 0;
    else if (text_equal(kind, "divide")) return argc / zero;
    else if (text_equal(kind, "illegal")) __builtin_trap();
    else if (text_equal(kind, "stack")) return deeper((volatile u8 *)kind);
    else if (text_equal(kind, "spin")) for (;;) continue;
    return usage();
}
