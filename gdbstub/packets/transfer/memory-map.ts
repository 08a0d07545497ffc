import type { MemoryRegion } from '../../target.js';
import { attributes, hexAddress } from '../../xml.js';
import type { DocumentKind } from './document-kind.js';

const regionXml = ({ kind, start, lengthBytes }: MemoryRegion): string =>
  `<memory${attributes({ type: kind, start: hexAddress(start), length: hexAddress(lengthBytes) })}/>`;

export const memoryMap: DocumentKind = {
  object: 'memory-map',
  offered: (target) => target.memoryMap !== undefined,
  read: ({ target }) =>
    `<?xml version="1.0"?>\n<memory-map>\n${target.memoryMap?.().map(regionXml).join('\n')}\n</memory-map>`,
};
