# Runs one probe after the other in protected mode, each from the same state, and prints how it ended: the exception or the end
# vector, and the registers. `probe-list.s` holds the probes: PROBE name, ring ... END.
    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

    .set KERNEL_CODE, 0x08
    .set KERNEL_DATA, 0x10
    .set USER_CODE, 0x1b
    .set USER_DATA, 0x23
    .set TASK, 0x28
    .set END_VECTOR, 0x40
    .set SCRATCH, 0x300000

    .macro PROBE name, ring
    .section .rodata
9:  .asciz "\name"
    .section .table, "aw"
    .long 9b, 8f, \ring
    .text
8:
    .endm
    .macro END
    int $END_VECTOR
    .endm

    .section .table, "aw"
table:
    .text
    .globl _start
_start:
    mov $stack_top, %esp
    lgdt template_pointer
    ljmp $KERNEL_CODE, $1f
1:  mov $KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0xff, %al              # no interrupts but those that a probe asks for
    out %al, $0x21
    out %al, $0xa1
    call make_idt
    lidt idt_pointer
    mov $tss, %eax
    mov %ax, gdt_template + TASK + 2
    shr $16, %eax
    mov %al, gdt_template + TASK + 4
    mov %ah, gdt_template + TASK + 7
    .irp gate, 0x90, 0x98, 0xa0, 0xa8, 0xb8
    mov $gate_target, %eax
    mov %ax, gdt_template + \gate
    shr $16, %eax
    mov %ax, gdt_template + \gate + 6
    .endr
    movw $0x8e00, idt + 0x50 * 8 + 4    # for ring 0
    movw $0x6e00, idt + 0x51 * 8 + 4    # not present
    movw $0xef00, idt + 0x52 * 8 + 4    # trap gate
    movw $0xec00, idt + 0x54 * 8 + 4    # call gate
    movw $0, idt + 0x55 * 8 + 2
    movw $KERNEL_DATA, idt + 0x56 * 8 + 2
    movw $USER_CODE, idt + 0x57 * 8 + 2
    movw $0x68, idt + 0x58 * 8 + 2      # conforming
    movw $0x40, idt + 0x59 * 8 + 2      # not present
    movw $0x1f8, idt + 0x5a * 8 + 2     # beyond the table
    movw $0x30, idt + 0x5b * 8 + 2      # ring 1
    movl $table, next
next_probe:
    mov $stack_top, %esp
    mov $KERNEL_DATA, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    cld
    mov next, %ebp
    cmp $table_end, %ebp
    je finished
    addl $12, next
    mov 4(%ebp), %eax
    mov %eax, start
    mov (%ebp), %esi
    call print
    # Everything that a probe may have changed.
    mov $gdt_template, %esi
    mov $gdt, %edi
    mov $(gdt_template_end - gdt_template) / 4, %ecx
    rep movsl
    lgdt gdt_pointer
    lidt idt_pointer
    mov $TASK, %eax
    ltr %ax
    mov $0x48, %eax
    lldt %ax
    mov $SCRATCH, %edi
    mov $0x400, %ecx
    xor %eax, %eax
    rep stosl
    movl $ring0_stack, tss + 4
    movl $KERNEL_DATA, tss + 8
    movl $ring1_stack, tss + 12
    movl $0x39, tss + 16
    push $0x40002
    andl $~0x40000, (%esp)
    popf
    mov 8(%ebp), %ecx
    mov 4(%ebp), %edx
    cmp $3, %ecx
    je ring3
    mov $KERNEL_DATA, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov $probe_stack, %esp
    push %edx
    call registers
    ret
ring3:
    mov $USER_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    push $USER_DATA
    push $probe_stack
    push $2
    push $USER_CODE
    push %edx
    call registers
    iret

registers:
    mov $0x11111111, %eax
    mov $0x22222222, %ebx
    mov $0x33333333, %ecx
    mov $0x44444444, %edx
    mov $0x55555555, %esi
    mov $0x66666666, %edi
    mov $0x77777777, %ebp
    ret

finished:
    mov $0xf4, %edx
    xor %eax, %eax
    out %eax, %dx
    hlt

# 256 stubs of 16 bytes: error code or 0, vector.
make_idt:
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $4, %eax
    add $stubs, %eax
    mov %ax, idt(, %ecx, 8)
    movw $KERNEL_CODE, idt + 2(, %ecx, 8)
    movw $0xee00, idt + 4(, %ecx, 8)
    shr $16, %eax
    mov %ax, idt + 6(, %ecx, 8)
    inc %ecx
    cmp $256, %ecx
    jne 1b
    ret
    .align 16
stubs:
    .set vector, 0
    .rept 256
    .align 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
    .else
    pushl $0
    .endif
    pushl $vector
    jmp handler
    .set vector, vector + 1
    .endr

handler:                        # vector, error code, eip, cs, eflags [, esp, ss]
    pusha
    push %gs
    push %fs
    push %es
    push %ds
    mov $KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    cld
    mov %esp, %ebp
    # Back to a state in which everybody can go on.
    mov %cr2, %ecx
    mov %cr0, %eax
    and $0x7ffeffff, %eax
    mov %eax, %cr0
    xor %eax, %eax
    mov %eax, %cr4
    mov %ecx, fault_address
    .macro SHOW label, operand
    mov \operand, %eax
    mov $\label, %ebx
    call show
    .endm
    SHOW 'v', 48(%ebp)
    SHOW 'e', 52(%ebp)
    mov 56(%ebp), %eax
    sub start, %eax
    mov $'i', %ebx
    call show
    movzwl 60(%ebp), %eax
    mov $'c', %ebx
    call show
    mov 64(%ebp), %eax
    and $0x7fd7, %eax
    andl $~0x10000, %eax
    mov $'f', %ebx
    call show
    SHOW 'a', 44(%ebp)
    SHOW 'C', 40(%ebp)
    SHOW 'd', 36(%ebp)
    SHOW 'b', 32(%ebp)
    SHOW 'B', 24(%ebp)
    SHOW 'S', 20(%ebp)
    SHOW 'D', 16(%ebp)
    movzwl (%ebp), %eax
    mov $'1', %ebx
    call show
    movzwl 4(%ebp), %eax
    mov $'2', %ebx
    call show
    movzwl 8(%ebp), %eax
    mov $'3', %ebx
    call show
    movzwl 12(%ebp), %eax
    mov $'4', %ebx
    call show
    lea 68(%ebp), %eax
    movzwl 60(%ebp), %ecx
    test $3, %ecx
    jz 1f
    movzwl 72(%ebp), %eax
    mov $'s', %ebx
    call show
    mov 68(%ebp), %eax
1:  mov $'p', %ebx
    call show
    SHOW 'm', SCRATCH
    SHOW 'n', SCRATCH+4
    str %eax
    mov $'t', %ebx
    call show
    movzbl gdt + 0x55, %eax     # accessed bits
    mov $'x', %ebx
    call show
    cmpl $14, 48(%ebp)
    jne 1f
    SHOW '!', fault_address
1:  mov $newline, %esi
    call print
    jmp next_probe

show:                           # " label=eax"
    push %eax
    mov $' ', %al
    call put
    mov %bl, %al
    call put
    mov $'=', %al
    call put
    pop %ecx
    mov $8, %edi
1:  rol $4, %ecx
    mov %ecx, %eax
    and $15, %eax
    mov digits(%eax), %al
    call put
    dec %edi
    jnz 1b
    ret
put:
    mov $0x3f8, %edx
    out %al, %dx
    ret
print:
    lodsb
    test %al, %al
    jz 1f
    call put
    jmp print
1:  ret

gate_target:
    pop %eax
    pop %ebx
    pop %ecx
    pop %edx
    END

# The first 4 MiB one to one, in pages of 4 KiB for everybody; page_table + 0x800 is the entry of 0x200000.
tables32:
    mov $7, %eax
    mov $page_table, %edi
1:  stosl
    add $0x1000, %eax
    cmp $0x400007, %eax
    jne 1b
    movl $page_table + 7, page_directory
    mov $page_directory, %eax
    mov %eax, %cr3
    ret

# The same with PAE: pages of 2 MiB, but for the second, whose first entry is in page_table.
tables_pae:
    mov $0x87, %eax
    mov $directories, %edi
    mov $4, %ecx
1:  stosl
    movl $0, (%edi)
    add $4, %edi
    add $0x200000, %eax
    loop 1b
    movl $page_table + 7, directories + 8
    movl $0x200007, page_table
    movl $0, page_table + 4
    movl $directories + 1, pointers
    movl $0, pointers + 4
    mov $0x20, %eax
    mov %eax, %cr4
    mov $pointers, %eax
    mov %eax, %cr3
    ret

    .macro PAGING_ON wp
    mov %cr0, %eax
    or $0x80000000 | (\wp << 16), %eax
    mov %eax, %cr0
    .endm
    # Goes on in ring 3.
    .macro TO_RING3
    push $USER_DATA
    push $probe_stack
    push $2
    push $USER_CODE
    push $7f
    iret
7:  mov $USER_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    .endm

    .include "probe-list.s"

    .section .table, "aw"
table_end:
    .data
digits: .ascii "0123456789abcdef"
newline: .asciz "\n"
    .align 8
gdt_template:
    .quad 0
    .quad 0x00cf9b000000ffff    # 08 kernel code
    .quad 0x00cf93000000ffff    # 10 kernel data
    .quad 0x00cffb000000ffff    # 18 user code
    .quad 0x00cff3000000ffff    # 20 user data
    .quad 0x0000890000000067    # 28 task state
    .quad 0x00cfbb000000ffff    # 30 ring 1 code
    .quad 0x00cfb3000000ffff    # 38 ring 1 data
    .quad 0x00cf13000000ffff    # 40 data, not present
    .quad 0x000082300000003f    # 48 local table: 300000, replaced by a probe
    .quad 0x00cff2000000ffff    # 50 user data, not accessed
    .quad 0x00cff1000000ffff    # 58 user data, read only
    .quad 0x00cff9000000ffff    # 60 user code, execute only
    .quad 0x00cf9f000000ffff    # 68 kernel code, conforming
    .quad 0x00cf97000000ffff    # 70 kernel data, expand down
    .quad 0x0040fb0000000fff    # 78 user code of 4 KiB
    .quad 0x008f93000000ffff    # 80 kernel data, 16 bits
    .quad 0x008f9b000000ffff    # 88 kernel code, 16 bits
    .long 0x00080000, 0x0000ec00  # 90 call gate to ring 0
    .long 0x00080000, 0x0000ec02  # 98 the same with two parameters
    .long 0x00080000, 0x00008c00  # a0 for ring 0 only
    .long 0x00080000, 0x00006c00  # a8 not present
    .quad 0x00004b0000000067    # b0 task state, busy, not present
    .long 0x00300000, 0x0000ec00  # b8 call gate to ring 1
    .quad 0x000082000000003f    # c0 local table
gdt_template_end:
    .align 8
gdt: .skip 0x100
gdt_pointer:
    .word gdt_template_end - gdt_template - 1
    .long gdt
template_pointer:
    .word gdt_template_end - gdt_template - 1
    .long gdt_template
idt_pointer:
    .word 256 * 8 - 1
    .long idt
    .bss
    .align 4096
idt: .skip 2048
tss: .skip 0x68
next: .skip 4
start: .skip 4
fault_address: .skip 4
    .align 4096
    .globl page_directory
page_directory: .skip 4096
page_table: .skip 4096
pointers: .skip 4096
directories: .skip 4 * 4096
    .skip 4096
ring1_stack:
    .skip 4096
ring0_stack:
    .skip 4096
probe_stack:
    .skip 4096
stack_top:
