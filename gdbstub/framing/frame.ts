/** Modulo 256 sum of a body in latin1, as two hex digits. */
export function checksum(body: string): string {
  let sum = 0;
  for (let at = 0; at < body.length; at++) sum += body.charCodeAt(at);
  return (sum & 0xff).toString(16).padStart(2, '0');
}

/** A packet on the wire. The body is latin1 and already escaped. */
export const frame = (body: string): string => `$${body}#${checksum(body)}`;
