import { targetXml } from '../../registers/target-xml.js';
import type { DocumentKind } from './document-kind.js';

export const targetDescription: DocumentKind = {
  object: 'features',
  read: ({ target }, annex) => (annex === 'target.xml' ? targetXml(target) : undefined),
};
