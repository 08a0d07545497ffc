/* crc32: checksum of standard input (IEEE 802.3, polynomial 0xedb88320), and how many bytes there were. */
#include "../runtime/redox.h"

static u8 buffer[16384];
static u32 table[256];

static void make_table(void) {
    for (u32 byte = 0; byte < 256; byte++) {
        u32 value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ value >> 1 : value >> 1;
        table[byte] = value;
    }
}

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    make_table();
    u32 sum = 0xffffffff;
    u64 total = 0;
    for (size_t length; (length = read_some(STDIN, buffer, sizeof buffer)) > 0; total += length)
        for (size_t i = 0; i < length; i++) sum = table[(u8)sum ^ buffer[i]] ^ sum >> 8;
    print_hex(~sum, 8);
    print(" ");
    print_number(total);
    print("\n");
    return 0;
}
