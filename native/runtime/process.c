/* From the first instruction to the last: the start stack, and the end by a call to the process manager. */
#include "redox.h"

#define AT_NULL 0
#define AT_REDOX_PROC_FD 41
#define PROC_CALL_EXIT 2
#define METADATA_WORDS 2

const char *program_name = "";
static int process_fd = -1;

static int find_process_fd(const u64 *auxiliary) {
    for (; auxiliary[0] != AT_NULL; auxiliary += 2)
        if (auxiliary[0] == AT_REDOX_PROC_FD) return (int)auxiliary[1];
    return -1;
}

__attribute__((noreturn)) static void end(u64 argument) {
    const u64 metadata[METADATA_WORDS] = {PROC_CALL_EXIT, argument};
    sys_call(process_fd, 0, 0, METADATA_WORDS, metadata);
    __builtin_trap();
}

void exit(int status) {
    flush();
    end((u64)status & 0xff);
}

void die_by(int signal) {
    end((u64)signal << 8);
}

__attribute__((noreturn, used)) void start(u64 *stack) {
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    u64 *word = stack + 1 + argc + 1;
    while (*word) word++;
    process_fd = find_process_fd(word + 1);
    if (argc > 0) program_name = argv[0];
    exit(main(argc, argv));
}
