// the exit status of a fatal signal
#include <stdlib.h>
#include <stdio.h>
int main(void) { printf("buffered\n"); fflush(stdout); abort(); }
