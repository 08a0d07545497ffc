# Executes one instruction after the other, each in a state of its own that a case describes, and notes what it left behind. QEMU and
# our processor run the same program. `layout.ts` says where everything is.
    .set ARENA, 0x200000
    .set TEMPLATE, 0x210000
    .set SHADOW, 0x220000
    .set ARENA_WORDS, 9 * 512
    .set PML4, 0x230000
    .set STACK_TOP, 0x248000
    .set CASES, 0x300000
    .set CASE_BYTES, 0x900
    .set PATCHES, 6
    .set MOST_CHANGES, 16
    .set HOME_CR0, 0x80050033
    .set HOME_CR4, 0x00450620      # PKE OSXSAVE FSGSBASE OSXMMEXCPT OSFXSR PAE
    .set HOME_EFER, 0xd01

    # What a case holds.
    .set IN_GPR, 0
    .set IN_FRAME, 0x80             # rip cs rflags rsp ss
    .set IN_SEGMENTS, 0xa8          # ds es fs gs ldtr tr
    .set IN_CR0, 0xd8
    .set IN_CR2, 0xe0
    .set IN_CR3, 0xe8
    .set IN_CR4, 0xf0
    .set IN_CR8, 0xf8
    .set IN_DR, 0x100               # 0 to 3, 6, 7
    .set IN_XCR0, 0x130
    .set IN_PKRU, 0x138
    .set IN_MSRS, 0x140
    .set IN_PATCHES, 0x200          # offset in the arena, then 128 bytes
    .set OUT, 0x600                 # vector, error code, then as above without the patches
    .set OUT_TABLES, 0x7c0          # gdt, idt: limit and base
    .set OUT_CHANGES, 0x800         # address behind, value

    .section .multiboot, "a"
    .align 4
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)
    .long start, ready, stubs, end

    .text
    .code32
    .globl _start
_start:
    mov $0xff, %al                  # no interrupts from outside
    out %al, $0x21
    out %al, $0xa1
    lgdt boot_pointer
    mov $0x20, %eax
    mov %eax, %cr4
    mov $PML4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
    ljmp $8, $start

    .code64
start:
    movl $CASES, current(%rip)
next_case:
    mov current(%rip), %ebx
    cmp end(%rip), %ebx
    je ready
    mov $STACK_TOP, %esp
    call go_home
    cld
    lea OUT(%rbx), %edi
    xor %eax, %eax
    mov $(CASE_BYTES - OUT) / 8, %ecx
    rep stosq
    mov $TEMPLATE, %esi
    mov $ARENA, %edi
    mov $ARENA_WORDS, %ecx
    rep movsq
    lea IN_PATCHES(%rbx), %rsi
    mov $PATCHES, %edx
1:  lodsq
    lea ARENA(%eax), %edi
    mov $16, %ecx
    rep movsq
    dec %edx
    jnz 1b
    lgdt gdt_pointer(%rip)
    lidt idt_pointer(%rip)
    xor %eax, %eax
    mov %eax, %ss
    mov IN_SEGMENTS(%rbx), %ds
    mov IN_SEGMENTS + 8(%rbx), %es
    mov IN_SEGMENTS + 16(%rbx), %fs
    mov IN_SEGMENTS + 24(%rbx), %gs
    lldt IN_SEGMENTS + 32(%rbx)
    ltr IN_SEGMENTS + 40(%rbx)
    mov $ARENA, %esi
    mov $SHADOW, %edi
    mov $ARENA_WORDS, %ecx
    rep movsq
    lea IN_MSRS(%rbx), %rsi
    mov $msrs, %edi
1:  mov (%rdi), %ecx
    lodsl
    mov %eax, %edx
    lodsl
    xchg %eax, %edx
    wrmsr
    add $4, %edi
    cmp $msrs_end, %edi
    jne 1b
    mov IN_DR(%rbx), %rax
    mov %rax, %dr0
    mov IN_DR + 8(%rbx), %rax
    mov %rax, %dr1
    mov IN_DR + 16(%rbx), %rax
    mov %rax, %dr2
    mov IN_DR + 24(%rbx), %rax
    mov %rax, %dr3
    mov IN_DR + 32(%rbx), %rax
    mov %rax, %dr6
    mov IN_DR + 40(%rbx), %rax
    mov %rax, %dr7
    xor %ecx, %ecx
    xor %edx, %edx
    mov IN_XCR0(%rbx), %eax
    xsetbv
    mov IN_PKRU(%rbx), %eax
    wrpkru
    mov IN_CR2(%rbx), %rax
    mov %rax, %cr2
    mov IN_CR8(%rbx), %rax
    mov %rax, %cr8
    mov IN_CR4(%rbx), %rax
    mov %rax, %cr4
    mov IN_CR3(%rbx), %rax
    mov %rax, %cr3
    mov IN_CR0(%rbx), %rax
    mov %rax, %cr0
    pushq IN_FRAME + 32(%rbx)
    pushq IN_FRAME + 24(%rbx)
    pushq IN_FRAME + 16(%rbx)
    pushq IN_FRAME + 8(%rbx)
    pushq IN_FRAME(%rbx)
    mov IN_GPR(%rbx), %rax
    mov IN_GPR + 8(%rbx), %rcx
    mov IN_GPR + 16(%rbx), %rdx
    mov IN_GPR + 40(%rbx), %rbp
    mov IN_GPR + 48(%rbx), %rsi
    mov IN_GPR + 56(%rbx), %rdi
    mov IN_GPR + 64(%rbx), %r8
    mov IN_GPR + 72(%rbx), %r9
    mov IN_GPR + 80(%rbx), %r10
    mov IN_GPR + 88(%rbx), %r11
    mov IN_GPR + 96(%rbx), %r12
    mov IN_GPR + 104(%rbx), %r13
    mov IN_GPR + 112(%rbx), %r14
    mov IN_GPR + 120(%rbx), %r15
    mov IN_GPR + 24(%rbx), %rbx
    iretq

ready:
    hlt
    jmp ready

# The state in which this program works itself.
go_home:
    mov $HOME_CR4, %eax
    mov %rax, %cr4
    mov $PML4, %eax
    mov %rax, %cr3
    mov $HOME_CR0, %eax
    mov %rax, %cr0
    mov $0x400, %eax
    mov %rax, %dr7
    mov $0xffff0ff0, %eax
    mov %rax, %dr6
    mov $0xc0000080, %ecx
    mov $HOME_EFER, %eax
    xor %edx, %edx
    wrmsr
    ret

# On the stack: vector, error code, rip, cs, rflags, rsp, ss.
caught:
    push %rbx
    mov current(%rip), %ebx
    mov %rax, OUT + 0x10 + IN_GPR(%rbx)
    mov %rcx, OUT + 0x10 + IN_GPR + 8(%rbx)
    mov %rdx, OUT + 0x10 + IN_GPR + 16(%rbx)
    mov %rbp, OUT + 0x10 + IN_GPR + 40(%rbx)
    mov %rsi, OUT + 0x10 + IN_GPR + 48(%rbx)
    mov %rdi, OUT + 0x10 + IN_GPR + 56(%rbx)
    mov %r8, OUT + 0x10 + IN_GPR + 64(%rbx)
    mov %r9, OUT + 0x10 + IN_GPR + 72(%rbx)
    mov %r10, OUT + 0x10 + IN_GPR + 80(%rbx)
    mov %r11, OUT + 0x10 + IN_GPR + 88(%rbx)
    mov %r12, OUT + 0x10 + IN_GPR + 96(%rbx)
    mov %r13, OUT + 0x10 + IN_GPR + 104(%rbx)
    mov %r14, OUT + 0x10 + IN_GPR + 112(%rbx)
    mov %r15, OUT + 0x10 + IN_GPR + 120(%rbx)
    pop %rax
    mov %rax, OUT + 0x10 + IN_GPR + 24(%rbx)
    pop OUT(%rbx)
    pop OUT + 8(%rbx)
    pop OUT + 0x10 + IN_FRAME(%rbx)
    pop OUT + 0x10 + IN_FRAME + 8(%rbx)
    pop OUT + 0x10 + IN_FRAME + 16(%rbx)
    pop OUT + 0x10 + IN_FRAME + 24(%rbx)
    pop OUT + 0x10 + IN_FRAME + 32(%rbx)
    mov OUT + 0x10 + IN_FRAME + 24(%rbx), %rax
    mov %rax, OUT + 0x10 + IN_GPR + 32(%rbx)
    mov $STACK_TOP, %esp
    mov %ds, OUT + 0x10 + IN_SEGMENTS(%rbx)
    mov %es, OUT + 0x10 + IN_SEGMENTS + 8(%rbx)
    mov %fs, OUT + 0x10 + IN_SEGMENTS + 16(%rbx)
    mov %gs, OUT + 0x10 + IN_SEGMENTS + 24(%rbx)
    sldt OUT + 0x10 + IN_SEGMENTS + 32(%rbx)
    str OUT + 0x10 + IN_SEGMENTS + 40(%rbx)
    mov %cr0, %rax
    mov %rax, OUT + 0x10 + IN_CR0(%rbx)
    mov %cr2, %rax
    mov %rax, OUT + 0x10 + IN_CR2(%rbx)
    mov %cr3, %rax
    mov %rax, OUT + 0x10 + IN_CR3(%rbx)
    mov %cr4, %rax
    mov %rax, OUT + 0x10 + IN_CR4(%rbx)
    mov %cr8, %rax
    mov %rax, OUT + 0x10 + IN_CR8(%rbx)
    mov %dr0, %rax
    mov %rax, OUT + 0x10 + IN_DR(%rbx)
    mov %dr1, %rax
    mov %rax, OUT + 0x10 + IN_DR + 8(%rbx)
    mov %dr2, %rax
    mov %rax, OUT + 0x10 + IN_DR + 16(%rbx)
    mov %dr3, %rax
    mov %rax, OUT + 0x10 + IN_DR + 24(%rbx)
    mov %dr6, %rax
    mov %rax, OUT + 0x10 + IN_DR + 32(%rbx)
    mov %dr7, %rax
    mov %rax, OUT + 0x10 + IN_DR + 40(%rbx)
    cld
    lea OUT + 0x10 + IN_MSRS(%rbx), %rdi
    mov $msrs, %esi
1:  lodsl
    mov %eax, %ecx
    rdmsr
    stosl
    mov %edx, %eax
    stosl
    cmp $msrs_end, %esi
    jne 1b
    call go_home
    xor %ecx, %ecx
    xgetbv
    mov %eax, OUT + 0x10 + IN_XCR0(%rbx)
    rdpkru
    mov %eax, OUT + 0x10 + IN_PKRU(%rbx)
    sgdt OUT_TABLES(%rbx)
    sidt OUT_TABLES + 16(%rbx)
    mov $ARENA, %esi
    mov $SHADOW, %edi
    mov $ARENA_WORDS, %ecx
    lea OUT_CHANGES(%rbx), %r8
    mov $MOST_CHANGES, %edx
2:  repe cmpsq
    je 3f
    mov %esi, %eax
    mov %rax, (%r8)
    mov -8(%rsi), %rax
    mov %rax, 8(%r8)
    add $16, %r8
    dec %edx
    jz 3f
    test %ecx, %ecx
    jnz 2b
3:  addl $CASE_BYTES, current(%rip)
    jmp next_case

# 256 stubs of 16 bytes.
    .balign 16
stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && vector != 10 && vector != 11 && vector != 12 && vector != 13 && vector != 14 && vector != 17
    push $0
    .endif
    push $vector
    jmp caught
    .set vector, vector + 1
    .endr

    .data
    .align 8
msrs:
    .long 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084
    .long 0xc0000100, 0xc0000101, 0xc0000102, 0x174, 0x175, 0x176, 0xc0000103
msrs_end:
boot_gdt:
    .quad 0, 0x00af9b000000ffff
boot_pointer:
    .word 15
    .long boot_gdt
    .align 8
    .word 0, 0, 0
gdt_pointer:
    .word 0xfff
    .quad ARENA
    .align 8
    .word 0, 0, 0
idt_pointer:
    .word 0xfff
    .quad ARENA + 0x3000
    .align 8
current:
    .long 0, 0
    .globl end
end:
    .long CASES, 0
