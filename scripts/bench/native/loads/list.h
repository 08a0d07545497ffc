// The loads by name: LOAD(function, name).
#define LOADS(LOAD)                                                                                                     \
  LOAD(core_mark, "coremark")                                                                                           \
  LOAD(records, "dhrystone")                                                                                            \
  LOAD(sieve, "sieve")                                                                                                  \
  LOAD(bytecode, "bytecode")                                                                                            \
  LOAD(sha256, "sha256")                                                                                                \
  LOAD(copy_words, "copy")                                                                                              \
  LOAD(copy_distant, "copy-1m")                                                                                         \
  LOAD(strings, "rep")                                                                                                  \
  LOAD(sse2_arrays, "sse2")                                                                                             \
  LOAD(strided, "strided")                                                                                              \
  LOAD(pointers, "pointers")                                                                                            \
  LOAD(nbody_sse2, "nbody")                                                                                             \
  LOAD(nbody_x87, "nbody-x87")                                                                                          \
  LOAD(recursion, "recursion")                                                                                          \
  LOAD(functions, "functions")
