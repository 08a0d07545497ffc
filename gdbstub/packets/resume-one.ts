import { littleEndianHex, parseAddress, parseNumber } from '../hex.js';
import type { Session } from '../session/session.js';
import { NO_ANSWER } from './packet.js';
import type { Answer, Packet } from './packet.js';

function moveTo(session: Session, address: string | undefined): void {
  if (!address) return;
  const rip = littleEndianHex(parseAddress(address), 8);
  session.registers.writeByName(session.threads.resuming, 'rip', rip);
}

function resume(session: Session, isStep: boolean, signal?: number): Answer {
  const thread = session.threads.resuming;
  session.resume({ ...(isStep && { step: { thread } }), signals: new Map(signal ? [[thread, signal]] : []) });
  return NO_ANSWER;
}

function plain(name: string, isStep: boolean): Packet {
  return {
    name,
    answer(session, rest) {
      moveTo(session, rest);
      return resume(session, isStep);
    },
  };
}

function withSignal(name: string, isStep: boolean): Packet {
  return {
    name,
    answer(session, rest) {
      const [signal, address] = rest.split(';');
      moveTo(session, address);
      return resume(session, isStep, parseNumber(signal));
    },
  };
}

/** `c [ADDR]`, `s [ADDR]`, `C SIGNAL[;ADDR]`, `S SIGNAL[;ADDR]`: what vCont replaced; small clients still send them. */
export const resumeOne: readonly Packet[] = [
  ...[plain('c', false), plain('s', true)],
  ...[withSignal('C', false), withSignal('S', true)],
];
