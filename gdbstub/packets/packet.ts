import type { Session } from '../session/session.js';
import type { Target } from '../target.js';

export const OK = 'OK';
export const UNSUPPORTED = '';

/** The answer comes later, as a stop, or never. */
export const NO_ANSWER = undefined;

export type Answer = string | typeof NO_ANSWER;

export interface Packet {
  /** One character, or for packets that start with q, Q or v all their leading letters. */
  readonly name: string;
  /** Absent: every target can do it. False: gdb is told that the packet is unknown. */
  readonly offered?: (target: Target) => boolean;
  /** What `qSupported` says of it when it is offered. */
  readonly supported?: (target: Target) => readonly string[];
  /** The packet is obeyed even while the target runs. */
  readonly whileRunning?: true;
  /** `rest` is what follows the name, escapes still in it. @throws Refused */
  answer(session: Session, rest: string): Answer | Promise<Answer>;
}

export const isOffered = (packet: Packet, target: Target): boolean => packet.offered?.(target) ?? true;
