import type { Abi } from '../../plugins/kernel/gate/abi.js';
import type { PadTable } from '../../plugins/kernel/gate/pads.js';
import { LinuxAbi } from '../../plugins/kernel/linux-abi/abi.js';

/** The ABIs of every machine beside the kernel's own, in their order. */
export const guestAbis: readonly ((pads: PadTable) => Abi)[] = [(pads) => new LinuxAbi(pads)];
