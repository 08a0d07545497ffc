# From 32-bit protected mode to 64-bit mode by its own hands, to compatibility mode at ring 3 and back through an interrupt.
    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

    .text
    .code32
    .globl _start
_start:
    mov $stack_top, %esp
    lgdt gdt_pointer
    ljmp $0x08, $1f
1:  mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    # One table each of three levels: the first GiB in pages of 2 MiB.
    movl $pdpt + 7, pml4
    movl $pd + 7, pdpt
    mov $0x87, %eax
    mov $pd, %edi
2:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $8, %edi
    add $0x200000, %eax
    cmp $0x40000087, %eax
    jne 2b
    mov %cr4, %eax
    or $0x20, %eax              # PAE
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax             # LME
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax        # PG
    mov %eax, %cr0
    rdmsr
    test $0x400, %eax           # LMA
    jz fail32
    ljmp $0x18, $long
fail32:
    mov $0xf4, %edx
    mov $2, %eax
    out %eax, %dx

    .code64
long:
    mov $stack_top, %esp
    mov $0x1122334455667788, %r15
    mov %r15, %rax
    shr $32, %rax
    cmp $0x11223344, %eax
    jne fail
    mov $in_long, %esi
    call print
    lidt idt_pointer(%rip)
    mov %rsp, tss + 4(%rip)
    mov $tss, %eax
    mov %ax, gdt + 0x32(%rip)
    shr $16, %rax
    mov %al, gdt + 0x34(%rip)
    mov $0x30, %eax
    ltr %ax
    mov $gate, %eax
    mov %ax, idt + 0x80 * 16(%rip)
    shr $16, %rax
    mov %ax, idt + 0x80 * 16 + 6(%rip)
    # Ring 3, 32 bits.
    pushq $0x2b
    mov $user_stack_top, %eax
    push %rax
    pushq $2
    pushq $0x23
    mov $user, %eax
    push %rax
    iretq

gate:                           # int 0x80 from compatibility mode
    cmpq $0x23, 8(%rsp)
    jne fail
    mov $0x80000001, %ebx
    cmp %rbx, %rax
    jne fail
    mov $from_user, %esi
    call print
power_off:
    mov $0x604, %edx
    mov $0x2000, %eax
    out %ax, %dx
    hlt
    jmp power_off
fail:
    mov $failed, %esi
    call print
    mov $0xf4, %edx
    mov $1, %eax
    out %eax, %dx
    hlt

print:
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

    .code32
user:
    mov $0x80000000, %eax
    push %eax
    pop %ecx
    inc %ecx                    # 41: a prefix in 64-bit mode
    mov %ecx, %eax
    int $0x80
    ud2

    .data
    .align 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff    # 08 kernel code, 32 bits
    .quad 0x00cf93000000ffff    # 10 kernel data
    .quad 0x00af9b000000ffff    # 18 kernel code, 64 bits
    .quad 0x00cffb000000ffff    # 20 user code, 32 bits
    .quad 0x00cff3000000ffff    # 28 user data
    .quad 0x0000890000000067    # 30 task state
    .quad 0
gdt_pointer:
    .word . - gdt - 1
    .long gdt
idt_pointer:
    .word 0x81 * 16 - 1
    .long idt, 0
in_long: .asciz "64-bit mode\n"
from_user: .asciz "called from 32-bit code\n"
failed: .asciz "failed\n"
    .align 16
idt:
    .skip 0x80 * 16
    .word 0, 0x18, 0xee00, 0, 0, 0, 0, 0
    .bss
    .align 4096
pml4: .skip 4096
pdpt: .skip 4096
pd: .skip 4096
tss: .skip 0x68
    .align 16
    .skip 4096
user_stack_top:
    .skip 4096
stack_top:
