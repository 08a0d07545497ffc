import type { DocumentKind } from './document-kind.js';

export const execFile: DocumentKind = {
  object: 'exec-file',
  offered: ({ execFile, files }) => execFile !== undefined && files !== undefined,
  read: (session) => session.target.execFile?.(session.threads.general),
};
