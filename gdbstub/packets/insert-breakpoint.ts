import { parsePlace } from './breakpoint-place.js';
import { OK, UNSUPPORTED } from './packet.js';
import type { Packet } from './packet.js';
import { EINVAL, Refused } from './refused.js';

/** `Z TYPE,ADDR,KIND`: 0 and 1 break, 2 3 4 watch writes, reads, accesses. */
export const insertBreakpoint: Packet = {
  name: 'Z',
  supported: ({ breakpoints }) => (breakpoints ? ['swbreak+', 'hwbreak+'] : []),
  answer(session, rest) {
    const place = parsePlace(session, rest);
    if (!place) return UNSUPPORTED;
    const set = session.breakpoints.insert(place);
    if (!set) throw new Refused(EINVAL, `no ${place.kind} can be set at 0x${place.address.toString(16)}`);
    return OK;
  },
};
