import type { Module } from '../../target.js';
import { attributes, hexAddress } from '../../xml.js';
import type { DocumentKind } from './document-kind.js';

// One segment is enough: gdb moves the sections of the others by as much.
const libraryXml = ({ path, firstSegment }: Module): string =>
  `<library${attributes({ name: path })}><segment${attributes({ address: hexAddress(firstSegment) })}/></library>`;

/** Programs as libraries, where the OS ABI is `none`: gdb manual, E.8 "Library List Format". */
export const libraries: DocumentKind = {
  object: 'libraries',
  offered: ({ modules, files }) => modules !== undefined && files !== undefined,
  read: (session) =>
    `<library-list>\n${session.modules.read(session.threads.general).map(libraryXml).join('\n')}\n</library-list>`,
};
