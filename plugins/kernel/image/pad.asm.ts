export const padAssembly = String.raw`
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
