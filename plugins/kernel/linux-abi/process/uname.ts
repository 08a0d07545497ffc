/** What uname(2) and /proc say of this kernel. Programs look at the release before they try newer calls. */
export const RELEASE = '6.1.0-halfcell';
export const VERSION = '#1 SMP';
