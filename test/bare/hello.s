# A Multiboot and PVH kernel of 32 bits: prints over the first serial port how it was entered, and powers off.
    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

    .section .note.pvh, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long pvh_start

    .text
    .globl _start
_start:
    mov $stack_top, %esp
    push %ebx
    cmp $0x2badb002, %eax
    jne fail
    mov $multiboot, %esi
    call print
    pop %ebx
    mov 16(%ebx), %esi          # command line
    jmp finish
pvh_start:
    mov $stack_top, %esp
    cmpl $0x336ec578, (%ebx)
    jne fail
    mov $pvh, %esi
    call print
    mov 24(%ebx), %esi
finish:
    call print
    mov $newline, %esi
    call print
    xor %eax, %eax
    jmp power_off
fail:
    mov $failed, %esi
    call print
    mov $1, %eax
    mov $0xf4, %edx
    out %eax, %dx
power_off:
    mov $0x604, %edx
    mov $0x2000, %eax
    out %ax, %dx
    hlt
    jmp power_off

print:                          # what esi points to
    mov $0x3fd, %edx
1:  in %dx, %al
    test $0x20, %al
    jz 1b
    lodsb
    test %al, %al
    jz 2f
    mov $0x3f8, %edx
    out %al, %dx
    jmp print
2:  ret

    .data
multiboot: .asciz "multiboot: "
pvh: .asciz "pvh: "
failed: .asciz "entered in a way that nobody describes\n"
newline: .asciz "\n"
    .bss
    .align 16
    .skip 4096
stack_top:
