/* hello [NAME]: the smallest program that shows something. */
#include "../runtime/redox.h"

int main(int argc, char **argv) {
    print("Hello, ");
    print(argc > 1 ? argv[1] : "world");
    print(", from native code!\n");
    return 0;
}
