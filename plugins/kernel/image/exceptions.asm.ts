export const exceptionAssembly = String.raw`
# Second part: exceptions and interrupts.

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
`;
