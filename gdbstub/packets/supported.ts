import { PACKET_BYTES } from '../framing/link.js';
import { isOffered } from './packet.js';
import type { Packet } from './packet.js';
import { packets } from './packet-table.js';

/** `qSupported:FEATURE+;...`: learns what gdb has and answers what the packets of this target are worth. */
export const supported: Packet = {
  name: 'qSupported',
  whileRunning: true,
  answer(session, rest) {
    for (const feature of rest.slice(1).split(';'))
      if (feature.endsWith('+')) session.peer.add(feature.slice(0, -1));
    const { target } = session;
    const offered = packets.filter((packet) => isOffered(packet, target));
    const features = offered.flatMap((packet) => packet.supported?.(target) ?? []);
    if (target.execFile) features.push('exec-events+');
    return [`PacketSize=${PACKET_BYTES.toString(16)}`, 'error-message+', ...features].join(';');
  },
};
