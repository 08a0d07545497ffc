# What protected mode says of selectors, gates, privileges and pages: included by probes.s.
    .macro EVERY_SELECTOR macro:req, ring
    .irp selector, 0, 3, 4, 8, 0xb, 0xc, 0x10, 0x11, 0x13, 0x18, 0x1b, 0x20, 0x23, 0x28, 0x33, 0x30, 0x3b, 0x40, 0x43, 0x48, 0x50, 0x53, 0x58, 0x5b, 0x60, 0x63, 0x68, 0x6b, 0x70, 0x73, 0x7b, 0x80, 0x88, 0x90, 0x93, 0xa0, 0xa3, 0xa8, 0xab, 0xb0, 0xb3, 0xb8, 0xbb, 0xc0, 0xc8, 0xffff
    \macro \selector, \ring
    .endr
    .endm
    .macro BOTH_RINGS macro:req
    EVERY_SELECTOR \macro, 0
    EVERY_SELECTOR \macro, 3
    .endm

    .macro LOAD_DS selector, ring
    PROBE "mov ds \selector ring \ring", \ring
    mov $\selector, %eax
    mov %eax, %ds
    END
    .endm
    .macro LOAD_SS selector, ring
    PROBE "mov ss \selector ring \ring", \ring
    mov $\selector, %eax
    mov %eax, %ss
    mov %ss, %ecx
    mov $KERNEL_DATA + 0x13 * \ring / 3, %eax
    mov %eax, %ss
    END
    .endm
    .macro POP_FS selector, ring
    PROBE "pop fs \selector ring \ring", \ring
    push $\selector
    pop %fs
    END
    .endm
    .macro FAR_JUMP selector, ring
    PROBE "ljmp \selector ring \ring", \ring
    ljmp $\selector, $5f
5:  END
    .endm
    .macro FAR_CALL selector, ring
    PROBE "lcall \selector ring \ring", \ring
    push $0x1234
    push $0x5678
    lcall $\selector, $5f
5:  END
    .endm
    .macro FAR_RETURN selector, ring
    PROBE "lret \selector ring \ring", \ring
    push $USER_DATA
    push $probe_stack - 64
    push $\selector
    push $5f
    lret
5:  END
    .endm
    .macro FAR_RETURN_DROP selector, ring
    PROBE "lret 8 \selector ring \ring", \ring
    push $0x3b
    push $probe_stack - 64
    push $0
    push $0
    push $\selector
    push $5f
    lret $8
5:  END
    .endm
    .macro INTERRUPT_RETURN selector, ring
    PROBE "iret \selector ring \ring", \ring
    push $USER_DATA
    push $probe_stack - 64
    push $0x3202
    push $\selector
    push $5f
    iret
5:  END
    .endm
    .macro OUTER_STACK selector, ring
    PROBE "iret to ring 3, ss \selector", \ring
    push $\selector
    push $probe_stack - 64
    push $0x202
    push $USER_CODE
    push $5f
    iret
5:  END
    .endm
    .macro QUERY selector, ring
    PROBE "lar \selector ring \ring", \ring
    mov $\selector, %eax
    lar %eax, %ebx
    END
    PROBE "lsl \selector ring \ring", \ring
    mov $\selector, %eax
    lsl %eax, %ebx
    END
    PROBE "verr \selector ring \ring", \ring
    mov $\selector, %eax
    verr %ax
    END
    PROBE "verw \selector ring \ring", \ring
    mov $\selector, %eax
    verw %ax
    END
    .endm
    .macro LOAD_TABLES selector, ring
    PROBE "lldt \selector ring \ring", \ring
    mov $\selector, %eax
    lldt %ax
    sldt %ebx
    END
    PROBE "ltr \selector ring \ring", \ring
    mov $\selector, %eax
    ltr %ax
    mov gdt + 0xb4, %ebx
    END
    .endm

    BOTH_RINGS LOAD_DS
    BOTH_RINGS LOAD_SS
    BOTH_RINGS POP_FS
    BOTH_RINGS FAR_JUMP
    BOTH_RINGS FAR_CALL
    BOTH_RINGS FAR_RETURN
    BOTH_RINGS FAR_RETURN_DROP
    BOTH_RINGS INTERRUPT_RETURN
    EVERY_SELECTOR OUTER_STACK, 0
    BOTH_RINGS QUERY
    EVERY_SELECTOR LOAD_TABLES, 0

    .macro SIMPLE ring, code:vararg
    PROBE "\code ring \ring", \ring
    \code
    END
    .endm
    .macro IN_BOTH code:vararg
    SIMPLE 0, \code
    SIMPLE 3, \code
    .endm
    .irp vector, 1, 3, 4, 13, 0x40, 0x50, 0x51, 0x52, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b
    IN_BOTH int $\vector
    .endr
    IN_BOTH into
    IN_BOTH int3
    IN_BOTH ud2
    IN_BOTH cli
    IN_BOTH sti
    IN_BOTH inb $0xed, %al
    IN_BOTH outb %al, $0x80
    IN_BOTH lldt %ax
    IN_BOTH ltr %ax
    IN_BOTH smsw %eax
    IN_BOTH sldt %eax
    IN_BOTH str %eax
    IN_BOTH sidt SCRATCH
    IN_BOTH sgdt SCRATCH
    IN_BOTH clts
    IN_BOTH mov %cr0, %eax
    IN_BOTH mov %cr2, %eax
    IN_BOTH mov %cr3, %eax
    IN_BOTH mov %cr4, %eax
    IN_BOTH mov %dr7, %eax
    SIMPLE 3, hlt
    SIMPLE 3, invlpg SCRATCH
    SIMPLE 3, wbinvd
    SIMPLE 3, rdmsr
    SIMPLE 3, wrmsr
    SIMPLE 3, lgdt SCRATCH
    SIMPLE 3, lidt SCRATCH
    SIMPLE 3, lmsw %ax
    SIMPLE 3, mov %eax, %cr3
    SIMPLE 3, mov %eax, %dr0
    SIMPLE 3, sysexit
    SIMPLE 3, sysenter
    IN_BOTH .byte 0x0f, 0x01, 0xf8      # swapgs
    IN_BOTH arpl %ax, %bx
    IN_BOTH push %cs
    IN_BOTH push %ds
    IN_BOTH pushw %es
    IN_BOTH pusha
    IN_BOTH aam
    IN_BOTH div %cl
    IN_BOTH bound %eax, SCRATCH

    .macro FLAGS ring, value
    PROBE "popf \value ring \ring", \ring
    push $\value
    popf
    pushf
    pop %eax
    push $2
    popf
    END
    PROBE "popfw \value ring \ring", \ring
    pushw $\value & 0xffff
    popfw
    pushf
    pop %eax
    push $2
    popf
    END
    .endm
    .irp value, 0x3fcd7 & ~0x100, 0x240000 | 0x202, 0x7202, 0x10002, 0x20002, 0x180002
    FLAGS 0, \value
    FLAGS 3, \value
    .endr

    PROBE "lcall through a gate to ring 1", 3
    lcall $0xbb, $0
    END
    PROBE "a gate to ring 1 with a stack of ring 0", 3
    movl $0x10, tss + 16
    lcall $0xbb, $0
    END
    PROBE "a gate to ring 1 with a stack that is read only", 3
    movl $0x59, tss + 16
    lcall $0xbb, $0
    END
    PROBE "a gate to ring 1 without a stack", 3
    movl $0, tss + 16
    lcall $0xbb, $0
    END
    PROBE "ljmp through a pointer", 0
    movl $5f, SCRATCH
    movw $8, SCRATCH + 4
    ljmp *SCRATCH
5:  END
    PROBE "lds", 3
    movl $0x12345678, SCRATCH
    movw $0x53, SCRATCH + 4
    lds SCRATCH, %eax
    END
    PROBE "lss not allowed", 3
    movw $0x10, SCRATCH + 4
    lss SCRATCH, %esp
    END
    PROBE "stack of 16 bits", 0
    mov $0x80, %eax
    mov %eax, %ss
    mov $0x12340004, %esp
    push $0x5555
    pop %ebx
    push %ebx
    push %ebx
    mov %esp, %ecx
    mov $KERNEL_DATA, %eax
    mov %eax, %ss
    mov $probe_stack, %esp
    END
    PROBE "enter and leave on a stack of 16 bits", 0
    mov $0x80, %eax
    mov %eax, %ss
    mov $0x12344000, %esp
    enter $16, $3
    mov %esp, %ecx
    mov %ebp, %edx
    leave
    mov %esp, %ebx
    mov $KERNEL_DATA, %eax
    mov %eax, %ss
    mov $probe_stack, %esp
    END
    PROBE "sysenter and sysexit", 0
    mov $0x174, %ecx
    mov $8, %eax
    xor %edx, %edx
    wrmsr
    inc %ecx
    mov $ring0_stack, %eax
    wrmsr
    inc %ecx
    mov $6f, %eax
    wrmsr
    mov $5f, %edx
    mov $probe_stack, %ecx
    sysexit
5:  push %cs
    pop %ebx
    sysenter
6:  END

    .macro PAGED name, wp, entry, code:vararg
    PROBE "\name", 0
    call tables32
    movl $\entry, page_table + 0x800
    PAGING_ON \wp
    \code
    mov page_table + 0x800, %ebx
    mov page_directory, %ecx
    END
    PROBE "\name from ring 3", 0
    call tables32
    movl $\entry, page_table + 0x800
    PAGING_ON \wp
    TO_RING3
    \code
    mov page_table + 0x800, %ebx
    mov page_directory, %ecx
    END
    .endm
    .irp wp, 0, 1
    PAGED "read of a page, wp \wp", \wp, 0x200007, mov 0x200010, %edx
    PAGED "write of a page, wp \wp", \wp, 0x200007, movl $1, 0x200010
    PAGED "write of a page that is read only, wp \wp", \wp, 0x200005, movl $1, 0x200010
    PAGED "read of a page of the kernel, wp \wp", \wp, 0x200003, mov 0x200010, %edx
    PAGED "write of a page of the kernel, wp \wp", \wp, 0x200003, movl $1, 0x200010
    PAGED "read of a page that is absent, wp \wp", \wp, 0x200006, mov 0x200010, %edx
    PAGED "write of a page that is absent, wp \wp", \wp, 0x200006, movl $1, 0x200010
    PAGED "read beyond a page, wp \wp", \wp, 0x200006, mov 0x1ffffe, %edx
    PAGED "jump to a page that is absent, wp \wp", \wp, 0x200006, jmp 0x200000
    .endr
    PROBE "a page of 4 MiB", 0
    call tables32
    movl $0x00000087, page_directory + 4
    mov $0x10, %eax
    mov %eax, %cr4
    PAGING_ON 1
    mov 0x400000 + SCRATCH, %edx
    movl $0x99, 0x400000 + SCRATCH
    mov page_directory + 4, %ebx
    END
    PROBE "the same bit without PSE", 0
    call tables32
    movl $page_table + 0x87, page_directory + 4
    PAGING_ON 1
    movl $0x99, 0x400000 + SCRATCH
    mov page_directory + 4, %ebx
    END
    PROBE "a table that is absent", 0
    call tables32
    PAGING_ON 1
    mov 0x800000, %eax
    END
    PROBE "PAE", 0
    call tables_pae
    PAGING_ON 1
    movl $0x77, 0x200010
    mov page_table, %eax
    mov directories, %ebx
    mov directories + 8, %ecx
    mov pointers, %edx
    END
    PROBE "PAE, a pointer that is absent", 0
    call tables_pae
    PAGING_ON 1
    mov 0x40000000, %eax
    END
    PROBE "PAE, no execution", 0
    call tables_pae
    movl $0x80000000, page_table + 4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x800, %eax
    wrmsr
    PAGING_ON 1
    mov 0x200010, %eax
    jmp 0x200000
    PROBE "PAE, no execution without NXE", 0
    call tables_pae
    mov $0xc0000080, %ecx
    rdmsr
    and $~0x800, %eax
    wrmsr
    movl $0x80000000, page_table + 4
    PAGING_ON 1
    mov 0x200010, %eax
    END
