export const entryAssembly = String.raw`
# The kernel in ring 0, first part: start, idle, syscalls and the ways back to user mode.
# Upper-case names are constants of layout.ts. The assembler follows rsp and the saved registers by itself; .frame names
# the state where it cannot know. A digit label is local. This text starts at line 1 of its file: debuggers show it.

.macro save_all_but_rax
    push rcx
    push rdx
    push rdi
    push rsi
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
.endm

.macro restore_all
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rsi
    pop rdi
    pop rdx
    pop rcx
    pop rax
    add rsp, 8
.endm

.macro write_msr_address number, symbol
    lea rax, [rip+\symbol]
    mov rdx, rax
    shr rdx, 32
    mov ecx, \number
    wrmsr
.endm

.macro write_msr number, high, low
    mov eax, \low
    mov edx, \high
    mov ecx, \number
    wrmsr
.endm

# What the answer in edx asks for; then back to the label 3 before. ebp tells the kernel that a touch failed.
.macro act
    cmp edx, ACTION_AGAIN
    jb 6f
    je 7f
    cmp edx, ACTION_KILLED
    jae 8f
    mov rdi, rax
    lea esi, [rdx-ACTION_FAULT]
    call fault_touch
    mov ebp, eax
    jmp 3b
6:
    call block
    jmp 9f
7:
    sti
    nop
    cli
9:
    xor ebp, ebp
    jmp 3b
8:
    call exit_context
    ud2
.endm

.function _start
.frame root
    lea rsp, [rip+boot_stack_top]
    lgdt [rip+gdt_pointer]
    lidt [rip+idt_pointer]
    mov rcx, rsp
    pushfq
    pop rdx
    lea rax, [rip+.Lreloaded]
    push SELECTOR_KERNEL_DATA
    push rcx
    push rdx
    push SELECTOR_KERNEL_CODE
    push rax
    iretq
.Lreloaded:
.frame root
    mov eax, SELECTOR_KERNEL_DATA
    mov ds, eax
    mov es, eax
    mov eax, SELECTOR_TSS
    ltr ax
    mov rax, cr4
    or eax, CR4_OSXSAVE
    mov cr4, rax
    xor ecx, ecx
    xor edx, edx
    mov eax, STATE_COMPONENTS
    xsetbv
    write_msr MSR_STAR, STAR_HIGH, 0
    write_msr_address MSR_LSTAR, syscall_entry
    write_msr MSR_SFMASK, 0, SYSCALL_CLEARED_FLAGS
    write_msr_address MSR_GS_BASE, percpu
    write_msr MSR_KERNEL_GS_BASE, 0, 0
    lea rax, [rip+boot_stack_top]
    mov [rip+contexts+CONTEXT_KERNEL_STACK_TOP], rax
    mov rax, cr3
    mov [rip+contexts+CONTEXT_CR3], rax
    mov dword ptr [rip+contexts+CONTEXT_FLAGS], CONTEXT_FLAG_ISOLATE+CONTEXT_FLAG_NO_FPU
    mov dword ptr [rip+contexts+CONTEXT_NAME], NAME_IDLE
    mov eax, HYPERCALL_BOOT
    vmcall
    jmp idle

# sti holds interrupts back for one instruction, so none is lost between the decision to sleep and the sleep.
.function idle
.frame root
1:
    call schedule
    sti
    hlt
    cli
    jmp 1b

.function syscall_entry
.frame syscall
    swapgs
    mov gs:[PERCPU_USER_RSP], rsp
    mov rsp, gs:[PERCPU_KERNEL_STACK_TOP]
.frame syscall_stack
    push SELECTOR_USER_DATA
    push qword ptr gs:[PERCPU_USER_RSP]
    push r11
    push SELECTOR_USER_CODE
    push rcx
    push rax
    push rax
    save_all_but_rax
.frame saved
    mov eax, HYPERCALL_ROUTE
    vmcall
    mov rdx, [rsp+FRAME_RDX]
    mov rcx, r10
    call rax
    mov [rsp+FRAME_RAX], rax
    mov rdx, gs:[PERCPU_CURRENT]
    cmp dword ptr [rdx+CONTEXT_WORK], 0
    jne user_work
# sysretq only where it restores exactly what the frame says; it faults in ring 0 on an address that is not canonical.
    mov rcx, [rsp+FRAME_RIP]
    cmp rcx, [rsp+FRAME_RCX]
    jne .Lreturn_by_iretq
    mov r11, [rsp+FRAME_RFLAGS]
    cmp r11, [rsp+FRAME_R11]
    jne .Lreturn_by_iretq
    test r11d, FLAGS_NEED_IRETQ
    jne .Lreturn_by_iretq
    cmp qword ptr [rsp+FRAME_CS], SELECTOR_USER_CODE
    jne .Lreturn_by_iretq
    cmp qword ptr [rsp+FRAME_SS], SELECTOR_USER_DATA
    jne .Lreturn_by_iretq
    mov rdx, rcx
    shr rdx, USER_ADDRESS_BITS
    jne .Lreturn_by_iretq
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    add rsp, 8
    pop r10
    pop r9
    pop r8
    pop rsi
    pop rdi
    pop rdx
    add rsp, 8
    pop rax
    mov rsp, [rsp+FRAME_RSP-FRAME_ORIG_RAX]
.frame syscall
    swapgs
.mark user_sysret
    sysretq

.function user_work
.frame saved
    xor ebp, ebp
3:
    mov rdi, rsp
    mov r8d, ebp
    mov eax, HYPERCALL_USER_WORK
    vmcall
    test edx, edx
    je .Lreturn_by_iretq
    act

# iretq must not fault: selectors and flags are made safe, and an address outside the user half is a fault of the program.
.function return_to_user
.frame saved
    mov rax, gs:[PERCPU_CURRENT]
    cmp dword ptr [rax+CONTEXT_WORK], 0
    jne user_work
.Lreturn_by_iretq:
    mov rax, [rsp+FRAME_RIP]
    shr rax, USER_ADDRESS_BITS
    jne .Lwild_return
    mov qword ptr [rsp+FRAME_CS], SELECTOR_USER_CODE
    mov qword ptr [rsp+FRAME_SS], SELECTOR_USER_DATA
    mov eax, [rsp+FRAME_RFLAGS]
    and eax, USER_FLAGS
    or eax, USER_FLAGS_SET
    mov [rsp+FRAME_RFLAGS], rax
    swapgs
    restore_all
.mark user_iret
    iretq
.Lwild_return:
.frame saved
    xor r12d, r12d
    xor r13d, r13d
    mov r14d, VECTOR_GENERAL_PROTECTION
    jmp .Lexception

.function return_to_kernel
.frame saved
    restore_all
    iretq
`;
