export const switchingAssembly = String.raw`
# Third part: the switch between stacks, how threads start, and the one place in ring 0 that may fault.

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
    mov eax, STATE_COMPONENTS
    xsaveopt64 [rdi+CONTEXT_FPU]
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
    mov eax, STATE_COMPONENTS
    xrstor64 [rsi+CONTEXT_FPU]
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
    mov rdi, rsp
    mov rsi, rax
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
`;
