import { parsePlace } from './breakpoint-place.js';
import { OK, UNSUPPORTED } from './packet.js';
import type { Packet } from './packet.js';

/** `z TYPE,ADDR,KIND` */
export const removeBreakpoint: Packet = {
  name: 'z',
  answer(session, rest) {
    const place = parsePlace(session, rest);
    if (!place) return UNSUPPORTED;
    session.breakpoints.remove(place);
    return OK;
  },
};
