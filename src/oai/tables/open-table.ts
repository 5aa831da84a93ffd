import { basename, extname } from 'node:path';
import { openSas7bdat } from './forms/sas7bdat.js';
import type { Table } from './forms/table.js';
import { openText } from './forms/text.js';
import { openWorkbook } from './forms/workbook.js';
import { openXpt } from './forms/xpt.js';

type Opener = (path: string, file: string) => Promise<Table>;

/** How a table is opened, by the ending of its name. */
const FORMS: Readonly<Record<string, Opener>> = {
  '.txt': openText,
  '.csv': openText,
  '.tsv': openText,
  '.asc': openText,
  '.xlsx': openWorkbook,
  '.sas7bdat': openSas7bdat,
  '.xpt': openXpt,
};

/** True for a name that ends as tables do which can be read. */
export function isTableForm(name: string): boolean {
  return extname(name).toLowerCase() in FORMS;
}

/**
 * Opens a table in the form that its name tells.
 * @throws UserError FILE_REFUSED when it is no table of that form
 */
export async function openTable(path: string): Promise<Table> {
  const open = FORMS[extname(path).toLowerCase()] ?? openText;
  return open(path, basename(path));
}
