import type { ThreadInfo } from '../../target.js';
import { attributes, escapeXml } from '../../xml.js';
import type { DocumentKind } from './document-kind.js';

const threadXml = ({ id, name, state }: ThreadInfo): string =>
  `<thread${attributes({ id: id.toString(16), name })}>${escapeXml(state ?? '')}</thread>`;

export const threads: DocumentKind = {
  object: 'threads',
  offered: (target) => target.threads !== undefined,
  read: (session) =>
    `<?xml version="1.0"?>\n<threads>\n${session.threads.list().map(threadXml).join('\n')}\n</threads>`,
};
