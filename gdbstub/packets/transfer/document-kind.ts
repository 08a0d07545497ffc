import type { Session } from '../../session/session.js';
import type { Target } from '../../target.js';

/** Something that gdb reads whole, piece by piece. */
export interface DocumentKind {
  readonly object: string;
  readonly offered?: (target: Target) => boolean;
  /** Undefined when there is none of this annex. */
  read(session: Session, annex: string): string | Uint8Array | undefined;
}
