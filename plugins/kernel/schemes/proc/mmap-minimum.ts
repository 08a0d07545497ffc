import { Errno } from '../../../../core/abi/errno.js';
import { decodeWords, encodeWords } from '../../../../core/abi/wire.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { USER_END } from '../../memory/address-space.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { PAGE_BYTES } from '../../memory/frames.js';
import type { ProcHandle } from './proc-handle.js';

/** The lowest address that mappings are placed at. */
export class MmapMinimum implements ProcHandle {
  constructor(private readonly space: AddressSpace) {}

  read(_caller: Caller, into: UserBuffer): Outcome {
    return into.write(encodeWords([this.space.mmapMin]));
  }

  write(_caller: Caller, from: UserBuffer): Outcome {
    const [minimum = -1] = decodeWords(from.read(8));
    if (!(minimum >= 0 && minimum <= USER_END) || minimum % PAGE_BYTES !== 0) return -Errno.EINVAL;
    this.space.mmapMin = minimum;
    return 8;
  }
}
