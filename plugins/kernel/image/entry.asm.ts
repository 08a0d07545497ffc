export const entryAssembly = String.raw`
# The kernel in ring 0: everything a CPU enters by itself, the switch between stacks, and the shape of a landing pad.
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

# In: r14d = vector, a complete frame. In ring 0 only fault_touch may fault.
.macro exception_entry
    mov r13, cr2
    mov r12, [rsp+FRAME_ORIG_RAX]
    test byte ptr [rsp+FRAME_CS], 3
    jne 1f
    mov rax, [rsp+FRAME_RIP]
    lea rcx, [rip+fault_touch]
    cmp rax, rcx
    jb 4f
    lea rcx, [rip+fault_touch_end]
    cmp rax, rcx
    jb 2f
4:
    mov rdi, rsp
    mov esi, r14d
    call panic
1:
    swapgs
2:
.endm

.macro exception_loop
    xor ebp, ebp
3:
    mov rdi, rsp
    mov esi, r14d
    mov rdx, r12
    mov rcx, r13
    mov r8d, ebp
    mov eax, HYPERCALL_EXCEPTION
    vmcall
    test edx, edx
    jne 5f
    test byte ptr [rsp+FRAME_CS], 3
    jne return_to_user
    jmp return_to_kernel
5:
    act
.endm

.function page_fault
.frame trap_error
    push rax
    save_all_but_rax
    mov r14d, VECTOR_PAGE_FAULT
    exception_entry
    exception_loop

.function exception
.frame saved
    exception_entry
.Lexception:
    exception_loop

.macro exception_vector name, vector
.function \name
.frame trap
    push 0
    push rax
    save_all_but_rax
    mov r14d, \vector
    jmp exception
.endm

.macro exception_vector_error name, vector
.function \name
.frame trap_error
    push rax
    save_all_but_rax
    mov r14d, \vector
    jmp exception
.endm

    exception_vector divide_error, 0
    exception_vector breakpoint, 3
    exception_vector overflow, 4
    exception_vector bound_range, 5
    exception_vector invalid_opcode, 6
    exception_vector device_not_available, 7
    exception_vector coprocessor_overrun, 9
    exception_vector_error invalid_tss, 10
    exception_vector_error segment_not_present, 11
    exception_vector_error stack_fault, 12
    exception_vector_error general_protection, 13
    exception_vector reserved_15, 15
    exception_vector x87_error, 16
    exception_vector_error alignment_check, 17
    exception_vector machine_check, 18
    exception_vector simd_error, 19
    exception_vector virtualization, 20
    exception_vector_error control_protection, 21
    exception_vector reserved_22, 22
    exception_vector reserved_23, 23
    exception_vector reserved_24, 24
    exception_vector reserved_25, 25
    exception_vector reserved_26, 26
    exception_vector reserved_27, 27
    exception_vector hypervisor_injection, 28
    exception_vector_error vmm_communication, 29
    exception_vector_error security, 30
    exception_vector reserved_31, 31

# These come at any instruction, also where the stack or GS is still the user's: an own stack, and GS by its value.
.macro paranoid_entry
    mov r13, cr2
    mov r12, [rsp+FRAME_ORIG_RAX]
    xor ebx, ebx
    mov ecx, MSR_GS_BASE
    rdmsr
    test edx, edx
    js 1f
    swapgs
    mov ebx, 1
1:
.endm

.function debug
.frame trap
    push 0
    push rax
    save_all_but_rax
    mov r14d, VECTOR_DEBUG
    jmp paranoid

.function non_maskable
.frame trap
    push 0
    push rax
    save_all_but_rax
    mov r14d, VECTOR_NON_MASKABLE
    jmp paranoid

.function double_fault
.frame trap_error
    push rax
    save_all_but_rax
    mov r14d, VECTOR_DOUBLE_FAULT
    paranoid_entry
    mov rdi, rsp
    mov esi, r14d
    call panic

# From user mode the frame moves to the kernel stack, where it may wait. In ring 0 only "done" is an answer.
.function paranoid
.frame saved
    paranoid_entry
    test byte ptr [rsp+FRAME_CS], 3
    jne 2f
    mov rdi, rsp
    mov esi, r14d
    mov rdx, r12
    mov rcx, r13
    xor r8d, r8d
    mov eax, HYPERCALL_EXCEPTION
    vmcall
    test edx, edx
    jne 4f
    test ebx, ebx
    je return_to_kernel
    swapgs
    jmp return_to_kernel
4:
    mov rdi, rsp
    mov esi, r14d
    call panic
2:
    mov rsi, rsp
    mov rdi, gs:[PERCPU_KERNEL_STACK_TOP]
    sub rdi, FRAME_BYTES
    mov rdx, rdi
    mov ecx, FRAME_WORDS
3:
    mov rax, [rsi]
    mov [rdi], rax
    add rsi, 8
    add rdi, 8
    dec ecx
    jne 3b
    mov rsp, rdx
    jmp .Lexception

.macro interrupt_vector name, vector
.function \name
.frame trap
    push -1-\vector
    push rax
    mov eax, \vector
    jmp interrupt
.endm

# In ring 0 it comes only in idle and in the window of "again", where GS is the kernel's and a switch is welcome.
.function interrupt
.frame trap_rax
    save_all_but_rax
    test byte ptr [rsp+FRAME_CS], 3
    je 1f
    swapgs
1:
    mov edi, eax
    mov rsi, rsp
    mov eax, HYPERCALL_IRQ
    vmcall
    test eax, eax
    je 2f
    call schedule
2:
    test byte ptr [rsp+FRAME_CS], 3
    jne return_to_user
    jmp return_to_kernel

.function panic
.frame call
    mov eax, HYPERCALL_PANIC
    vmcall
1:
    cli
    hlt
    jmp 1b

.function block
.frame call
    call schedule
    ret

.function exit_context
.frame call
    call schedule
    ud2

.function schedule
.frame call
    mov eax, HYPERCALL_SCHEDULE
    vmcall
    cmp rax, rdx
    je 1f
    mov rdi, rax
    mov rsi, rdx
    call context_switch
1:
    ret

.function context_switch
.frame call
.arguments rdi, rsi
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    test dword ptr [rdi+CONTEXT_FLAGS], CONTEXT_FLAG_NO_FPU
    jne 1f
    fxsave64 [rdi+CONTEXT_FPU]
1:
    mov [rdi+CONTEXT_RSP], rsp
    mov rax, [rsi+CONTEXT_CR3]
    mov rcx, cr3
    cmp rax, rcx
    je 2f
    mov cr3, rax
2:
    mov rax, [rsi+CONTEXT_KERNEL_STACK_TOP]
    mov rcx, gs:[PERCPU_TSS]
    mov gs:[PERCPU_KERNEL_STACK_TOP], rax
    mov [rcx+TSS_RSP0], rax
    mov gs:[PERCPU_CURRENT], rsi
    test dword ptr [rsi+CONTEXT_FLAGS], CONTEXT_FLAG_ISOLATE
    jne 3f
    mov eax, [rsi+CONTEXT_FS_BASE]
    mov edx, [rsi+CONTEXT_FS_BASE+4]
    mov ecx, MSR_FS_BASE
    wrmsr
    mov eax, [rsi+CONTEXT_GS_BASE]
    mov edx, [rsi+CONTEXT_GS_BASE+4]
    mov ecx, MSR_KERNEL_GS_BASE
    wrmsr
3:
    test dword ptr [rsi+CONTEXT_FLAGS], CONTEXT_FLAG_NO_FPU
    jne 4f
    fxrstor64 [rsi+CONTEXT_FPU]
4:
    mov rsp, [rsi+CONTEXT_RSP]
.mark context_resume
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

# A new native context comes here by the ret of context_switch, with its frame at rsp.
.thread_function context_start
.frame saved
    jmp return_to_user

# The kernel side of an isolate. The calls its program makes come from the kernel instead of from a syscall instruction.
.thread_function isolate_loop
.frame root
3:
    sti
    nop
    cli
    mov rdi, rsp
    mov r8d, ebp
    mov eax, HYPERCALL_ISOLATE_NEXT
    vmcall
    test edx, edx
    jne 1f
    mov rdi, [rsp+FRAME_RDI]
    mov rsi, [rsp+FRAME_RSI]
    mov rdx, [rsp+FRAME_RDX]
    mov rcx, [rsp+FRAME_R10]
    mov r8, [rsp+FRAME_R8]
    mov r9, [rsp+FRAME_R9]
    call rax
    mov rdi, rax
    mov rsi, rsp
    mov eax, HYPERCALL_ISOLATE_REPLY
    vmcall
    jmp 3b
1:
    act

# rdi = address, esi = 1 for a write. 0, or 1 when the kernel says that nothing will ever be there.
.function fault_touch
.frame call
.arguments rdi, rsi
    test esi, esi
    jne 1f
    movzx eax, byte ptr [rdi]
    xor eax, eax
    ret
1:
    lock or byte ptr [rdi], 0
    xor eax, eax
    ret
.mark fault_touch_end

# page_fault returns here instead of to fault_touch.
.function fault_touch_failed
.frame call
    mov eax, 1
    ret

# One landing pad. The short way keeps the arguments in registers; the slow one on the stack, so that a retry sees them.
.macro pad name, number
.function \name
.frame call
.arguments rdi, rsi, rdx, rcx, r8, r9
    mov r10, rdx
    mov eax, \number
    vmcall
.arguments rdi, rsi, r10, rcx, r8, r9
    test edx, edx
    jne 1f
    ret
1:
    push r9
    push r8
    push rcx
    push r10
    push rsi
    push rdi
.arguments cfa-56, cfa-48, cfa-40, cfa-32, cfa-24, cfa-16
2:
    cmp edx, ACTION_AGAIN
    jb 4f
    je 5f
    cmp edx, ACTION_KILLED
    jae 6f
    mov rdi, rax
    lea esi, [rdx-ACTION_FAULT]
    call fault_touch
    test eax, eax
    jne 7f
3:
    mov rdi, [rsp]
    mov rsi, [rsp+8]
    mov rdx, [rsp+16]
    mov rcx, [rsp+24]
    mov r8, [rsp+32]
    mov r9, [rsp+40]
    mov eax, \number
    vmcall
    test edx, edx
    jne 2b
    add rsp, 48
    ret
4:
    call block
    jmp 3b
5:
    sti
    nop
    cli
    jmp 3b
6:
    call exit_context
    ud2
7:
    mov rax, -EFAULT
    add rsp, 48
    ret
.endm
`;
