/* primes COUNT: the first COUNT prime numbers, one a line. */
#include "../runtime/redox.h"

static int is_prime(u64 number) {
    for (u64 divisor = 3; divisor * divisor <= number; divisor += 2)
        if (number % divisor == 0) return 0;
    return 1;
}

int main(int argc, char **argv) {
    u64 count;
    if (argc != 2 || !parse_number(argv[1], &count)) {
        complain("usage: primes COUNT");
        return 2;
    }
    for (u64 candidate = 2; count > 0; candidate += candidate == 2 ? 1 : 2) {
        if (!is_prime(candidate)) continue;
        print_number(candidate);
        print("\n");
        count--;
    }
    return 0;
}
