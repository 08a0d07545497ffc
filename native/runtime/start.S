/* The kernel leaves argc, argv, envp and the auxiliary vector on the stack, and every register but rsp and rip zero. */
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    movq %rsp, %rdi
    andq $-16, %rsp
    call start
    ud2
    .cfi_endproc
    .size _start, . - _start
    .section .note.GNU-stack, "", @progbits
