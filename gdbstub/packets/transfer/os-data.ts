import type { OsTable } from '../../target.js';
import { escapeXml } from '../../xml.js';
import type { DocumentKind } from './document-kind.js';

type Row = Readonly<Record<string, string>>;

const columnXml = ([name, text]: [string, string]): string =>
  `<column name="${escapeXml(name)}">${escapeXml(text)}</column>`;

const rowXml = (row: Row): string => `<item>${Object.entries(row).map(columnXml).join('')}</item>`;

const tableXml = (type: string, rows: readonly Row[]): string =>
  `<?xml version="1.0"?>\n<osdata type="${escapeXml(type)}">\n${rows.map(rowXml).join('\n')}\n</osdata>`;

const overview = (tables: readonly OsTable[]): Row[] =>
  tables.map(({ name, title }) => ({ Type: name, Description: title, Title: title }));

/** `info os` and `info os TABLE` */
export const osData: DocumentKind = {
  object: 'osdata',
  offered: ({ osTables }) => osTables !== undefined,
  read({ target }, annex) {
    const tables = target.osTables?.tables ?? [];
    if (annex === '') return tableXml('types', overview(tables));
    const table = tables.find(({ name }) => name === annex);
    return table && tableXml(annex, table.rows());
  },
};
