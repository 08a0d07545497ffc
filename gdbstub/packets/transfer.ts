import { PACKET_BYTES } from '../framing/link.js';
import { escapeBinary } from '../framing/escape.js';
import { parseNumber } from '../hex.js';
import type { Session } from '../session/session.js';
import type { Target } from '../target.js';
import { UNSUPPORTED } from './packet.js';
import type { Packet } from './packet.js';
import { EINVAL, Refused } from './refused.js';
import { documentKinds } from './transfer/document-table.js';
import type { DocumentKind } from './transfer/document-kind.js';

/** Escapes may double a byte. */
const MOST_BYTES = PACKET_BYTES / 2 - 16;

interface Request {
  readonly object: string;
  readonly annex: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** `:OBJECT:read:ANNEX:OFFSET,LENGTH` */
function parseRequest(text: string): Request | undefined {
  const parts = /^:([^:]+):read:([^]*):([^:,]+),([^:,]+)$/.exec(text);
  if (!parts) return undefined;
  const [, object = '', annex = '', offset, length] = parts;
  return {
    object,
    annex,
    offset: parseNumber(offset),
    lengthBytes: Math.min(parseNumber(length), MOST_BYTES),
  };
}

const isOffered = (kind: DocumentKind, target: Target): boolean => kind.offered?.(target) ?? true;

function create(session: Session, kind: DocumentKind, annex: string): Uint8Array {
  const document = kind.read(session, annex);
  if (document === undefined) throw new Refused(EINVAL, `no ${kind.object} "${annex}"`);
  return typeof document === 'string' ? Buffer.from(document, 'utf8') : document;
}

/** A document is made when its first piece is read, so that all pieces fit together. */
function find(session: Session, kind: DocumentKind, { object, annex, offset }: Request): Uint8Array {
  const key = `${object}:${annex}`;
  const known = offset > 0 ? session.documents.get(key) : undefined;
  const document = known ?? create(session, kind, annex);
  session.documents.set(key, document);
  return document;
}

/** `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH` */
export const transfer: Packet = {
  name: 'qXfer',
  supported: (target) =>
    documentKinds.filter((kind) => isOffered(kind, target)).map((kind) => `qXfer:${kind.object}:read+`),
  answer(session, rest) {
    const request = parseRequest(rest);
    const kind = documentKinds.find(({ object }) => object === request?.object);
    if (!request || !kind || !isOffered(kind, session.target)) return UNSUPPORTED;
    const document = find(session, kind, request);
    const end = request.offset + request.lengthBytes;
    const piece = escapeBinary(document.subarray(request.offset, end));
    return `${end < document.length ? 'm' : 'l'}${piece}`;
  },
};
