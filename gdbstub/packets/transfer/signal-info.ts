import type { DocumentKind } from './document-kind.js';

export const signalInfo: DocumentKind = {
  object: 'siginfo',
  offered: ({ siginfo }) => siginfo !== undefined,
  read: (session) => session.target.siginfo?.(session.threads.general),
};
