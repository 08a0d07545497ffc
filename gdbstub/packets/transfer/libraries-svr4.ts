import type { Module } from '../../target.js';
import { attributes, hexAddress } from '../../xml.js';
import type { DocumentKind } from './document-kind.js';

/** gdb only compares them, and takes 0 for none. */
const linkMap = (at: number): string => hexAddress(BigInt(at + 1) * 0x1000n);

function libraryXml({ path, bias, dynamic }: Module, at: number): string {
  const places = { lm: linkMap(at), l_addr: hexAddress(bias), l_ld: hexAddress(dynamic ?? 0n), lmid: '0x0' };
  return `<library${attributes({ name: path, ...places })}/>`;
}

/** Programs as libraries, where the OS ABI is GNU/Linux: gdb manual, E.9 "Library List Format for SVR4 Targets". */
export const librariesSvr4: DocumentKind = {
  object: 'libraries-svr4',
  offered: ({ modules, files, osAbi }) =>
    modules !== undefined && files !== undefined && osAbi === 'GNU/Linux',
  read: (session) => {
    const list = session.modules.read(session.threads.general).map(libraryXml).join('\n');
    return `<library-list-svr4 version="1.0">\n${list}\n</library-list-svr4>`;
  },
};
