/** st_dev and st_rdev as stat(2) of x86-64 shows them (new_encode_dev). Major and minor below 2^12 and 2^20. */
export function makeDevice(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor & ~0xff) * 2 ** 12;
}

export const majorOf = (device: number): number => Math.floor(device / 2 ** 8) & 0xfff;
export const minorOf = (device: number): number =>
  (device & 0xff) + (Math.floor(device / 2 ** 20) & 0xfff) * 2 ** 8;

// Far from what the host hands out, so that a host folder's st_dev is never equal to one of ours.
const FIRST_MINOR = 0x80000;

/** Numbers for file systems without a device; one list a guest. */
export class DeviceNumbers {
  #next = FIRST_MINOR;

  take(): number {
    return makeDevice(0, this.#next++);
  }
}
