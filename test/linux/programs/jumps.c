// setjmp, longjmp, makecontext, getcontext
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
static jmp_buf top;
static void deep(int n) { char pad[100]; pad[n % 100] = n; if (n == 0) longjmp(top, 42); deep(n - 1); printf("%d", pad[0]); }
int main(void) {
  volatile int tries = 0; int v = setjmp(top); tries++; printf("%d %d\n", v, tries); if (v == 0) deep(100); if (v == 42) longjmp(top, 0); 
  return v;
}
