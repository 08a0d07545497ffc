/**
 * Forms outside tier 1 that kernel and C library use before and after `main`: as found by running static programs. One that
 * is missing here costs the start a few milliseconds, one that does not exist nothing.
 */
export const START_FORMS: ReadonlySet<string> = new Set(
  `
  ANDPD_Vpd_Wpd.128m AND_Ev_Ib.32m AND_Ev_Ib.64m AND_rAX_Iz.16 AND_rAX_Iz.64 BTS_Ev_Gv.64r BTS_Ev_Ib.64r
  CALL_Ev.64m CALL_Jz.64far CALL_Jz.64near CMOVE_Gv_Ev.64m CMPXCHG_Ev_Gv.32m CMP_Eb_Ib.8m CMP_Ev_Gv.64m
  CMP_Ev_Ib.32m CMP_Ev_Ib.64m CMP_Gv_Ev.16m CMP_rAX_Iz.16 CPUID.64 DIV_Ev.64m FNSTCW_Mw.16m IDIV_Ev.64r
  IMUL_Ev.64r IRET.64 JMP_Ev.64m JP_Jz.64far LGDT_Ms.64m LIDT_Ms.64m LTR_Ew.16r MOVAPS_Wps_Vps.128m
  MOVDQA_Vx_Wx.128m MOVDQU_Vx_Wx.128m MOVD_Vy_Ey.32m MOVHPS_Vq_Mq.64m MOVSXD_Gv_Ed.64m MOVUPS_Vps_Wps.128m
  MOVUPS_Wps_Vps.128m MOVZX_Gv_Eb.32m MOVZX_Gv_Ew.32m MOV_Cq_Rq.64 MOV_Eb_Ib.8m MOV_Ev_Gv.64m
  MOV_Ev_Iz.64m MOV_Gb_Eb.8m MOV_Gv_Ev.16m MOV_Gv_Ev.32m MOV_Gv_Ev.64m MOV_Rq_Cq.64 MOV_Sw_Ew.16r
  OR_Eb_Ib.8m OR_Ev_Gv.32m OR_Ev_Iz.32m OR_rAX_Iz.32 PCMPEQB_Vx_Wx.128m PCMPEQD_Vx_Wx.128r
  PCMPISTRI_Vx_Wx_Ib.128m POP_Zv.64 PSLLDQ_Ux_Ib.128 PSUBB_Vx_Wx.128r PUNPCKLBW_Vx_Wx.128r
  PUNPCKLDQ_Vx_Wx.128r PUNPCKLQDQ_Vx_Wx.128r PUNPCKLWD_Vx_Wx.128r PUSHF.64 PUSH_Zv.64 REP_STOS_Yb_AL.8
  REP_STOS_Yv_rAX.32 REP_STOS_Yv_rAX.64 SHLD_Ev_Gv_CL.64r SHR_Eb_Ib.8r SUB_Ev_Gv.64m SWAPGS.64 SYSCALL.64
  SYSRET.64 TEST_Ev_Gv.16r TEST_Ev_Iz.32m TEST_Ev_Iz.64r VMCALL.64 WRMSR.64 XCHG_Ev_Gv.64m XGETBV.64
  XOR_Eb_Gb.8r XRSTOR_Ms.64m XSETBV.64
  `
    .trim()
    .split(/\s+/),
);
