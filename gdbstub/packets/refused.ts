/** gdb's File-I/O numbers agree with Linux for these. */
export const ENOENT = 2;
export const EIO = 5;
export const EBADF = 9;
export const EFAULT = 14;
export const EBUSY = 16;
export const EINVAL = 22;
export const EMFILE = 24;
export const EROFS = 30;
export const EBADMSG = 74;
export const ETIMEDOUT = 110;

/** A packet cannot be obeyed; gdb is told why and the session goes on. */
export class Refused extends Error {
  constructor(
    readonly errno: number,
    why: string,
  ) {
    super(why);
  }

  /** `E.why` for a gdb that understands it (16 on), else `Enn`. */
  answer(words: boolean): string {
    return words ? `E.${this.message}` : `E${this.errno.toString(16).padStart(2, '0')}`;
  }
}
