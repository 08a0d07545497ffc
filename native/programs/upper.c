/* upper: copies standard input to standard output, in capital letters. */
#include "../runtime/redox.h"

static u8 buffer[16384];

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    for (size_t length; (length = read_some(STDIN, buffer, sizeof buffer)) > 0; flush()) {
        for (size_t i = 0; i < length; i++)
            if (buffer[i] >= 'a' && buffer[i] <= 'z') buffer[i] -= 'a' - 'A';
        print_bytes(buffer, length);
    }
    return 0;
}
