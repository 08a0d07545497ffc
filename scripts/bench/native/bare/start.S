// Where a boot loader enters, by Multiboot 1 or by PVH: 32-bit protected mode, flat segments, no paging. From here to the C code with
// vector instructions switched on; in a build for 64 bits through long mode, with the first 4 GiB mapped one to one.
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define PRESENT_WRITABLE 0x3
#define LARGE 0x80
#define CR0_MP_NE 0x22
#define CR0_EM_TS 0xc
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_FXSR_XMMEXCPT 0x600
#define CR4_OSXSAVE 0x40000
#define CPUID_1_XSAVE_AVX 0x14000000
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

// QEMU takes a file with this header for Multiboot whatever else is in it, and then no ELF for 64 bits.
#ifndef PVH_ONLY
    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
#endif

    .section .note.pvh, "a", @note
    .align 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long start

    .section .bss
    .align 4096
#ifdef __x86_64__
pml4:
    .skip 4096
directory_pointers:
    .skip 4096
directories:
    .skip 4 * 4096
#endif
    .skip 65536
stack_top:

    .section .rodata
    .align 8
gdt:
    .quad 0
    .quad 0x00cf9a000000ffff        // 0x08: code, 32 bits
    .quad 0x00cf92000000ffff        // 0x10: data
    .quad 0x00af9a000000ffff        // 0x18: code, 64 bits
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt, 0

    .text
    .code32
    .globl start
start:
    cli
    cld
    mov $stack_top, %esp
    mov %ebx, %ebp                  // where the loader's information lies
    lgdt gdt_pointer
    mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    ljmp $0x08, $1f
1:  mov %cr0, %eax
    and $~CR0_EM_TS, %eax
    or $CR0_MP_NE, %eax
    mov %eax, %cr0
    mov %cr4, %eax
    or $CR4_FXSR_XMMEXCPT, %eax
    mov %eax, %cr4
    fninit
    mov $1, %eax
    cpuid
    mov %ecx, %esi
    and $CPUID_1_XSAVE_AVX, %esi
    cmp $CPUID_1_XSAVE_AVX, %esi
    jne 2f
    mov %cr4, %eax
    or $CR4_OSXSAVE, %eax
    mov %eax, %cr4
    xor %ecx, %ecx
    xor %edx, %edx
    mov $7, %eax                    // x87, SSE, AVX
    xsetbv
2:
#ifdef __x86_64__
    movl $directory_pointers + PRESENT_WRITABLE, pml4
    mov $directories + PRESENT_WRITABLE, %eax
    xor %ecx, %ecx
3:  mov %eax, directory_pointers(, %ecx, 8)
    add $4096, %eax
    inc %ecx
    cmp $4, %ecx
    jne 3b
    mov $PRESENT_WRITABLE + LARGE, %eax
    xor %ecx, %ecx
4:  mov %eax, directories(, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $2048, %ecx
    jne 4b
    mov $pml4, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $CR4_PAE, %eax
    mov %eax, %cr4
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME, %eax
    wrmsr
    mov %cr0, %eax
    or $CR0_PG, %eax
    mov %eax, %cr0
    ljmp $0x18, $5f
    .code64
5:  mov %ebp, %edi
    xor %ebp, %ebp
    call run
#else
    push $0                         // the stack is aligned at the call
    push $0
    push $0
    push %ebp
    xor %ebp, %ebp
    call run
#endif
6:  hlt
    jmp 6b
    .section .note.GNU-stack, "", @progbits
