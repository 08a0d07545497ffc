import type { DocumentKind } from './document-kind.js';

export const auxiliaryVector: DocumentKind = {
  object: 'auxv',
  offered: ({ auxv }) => auxv !== undefined,
  read: (session) => session.target.auxv?.(session.threads.general),
};
