import { parseAddress, parseNumber } from '../hex.js';
import { breakpointKind } from '../session/breakpoint-set.js';
import type { BreakpointPlace } from '../session/breakpoint-set.js';
import type { Session } from '../session/session.js';

/** `TYPE,ADDR,KIND`; undefined for a type that the target cannot set. */
export function parsePlace(session: Session, text: string): BreakpointPlace | undefined {
  const [digit = '', address, length] = text.split(/[,;]/, 3);
  const kind = breakpointKind(digit);
  if (!kind || !session.breakpoints.offers(kind)) return undefined;
  return { kind, address: parseAddress(address), lengthBytes: parseNumber(length) };
}
