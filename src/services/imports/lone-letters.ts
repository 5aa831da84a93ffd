import { openTable, parseStoredCell, type StoredColumn } from '../../oai/index.js';
import type { Levels } from './stored-levels.js';

/** A cell of one letter: SAS exports write the code `.P` as `P`, which only the rest of its column tells from a word. */
export const LONE_LETTER = /^[A-Z]$/i;

/** A column, and the levels of its variable. */
interface LetteredColumn {
  readonly column: StoredColumn;
  readonly levels: Levels;
}

/**
 * The variables of a table of which a lone letter is a code of why there is no value: all that their columns say, and all that is stored of them,
 * are numbers, or all are dates. The table is read to its end for it, because a word in its last row makes the letter of the first one a word too.
 */
export async function variablesWithCodes(
  path: string,
  columns: readonly LetteredColumn[],
): Promise<ReadonlySet<Levels>> {
  const said = new Map(columns.map(({ levels }) => [levels, saidBy(levels)]));
  const looked = columns.map(({ column, levels }) => ({ at: column.index, what: said.get(levels)! }));
  const table = await openTable(path);
  for await (const { cells } of table.rows()) {
    for (const { at, what } of looked) if (!what.words) note(what, cells[at] ?? '');
  }
  return new Set([...said].flatMap(([levels, what]) => (!what.words && what.numbers !== what.dates ? [levels] : [])));
}

/** What stands in the columns of a variable. */
interface Said {
  numbers: boolean;
  dates: boolean;
  words: boolean;
}

function saidBy(levels: Levels): Said {
  const kind = levels.kind();
  return { numbers: kind === 'NUMBER' || kind === 'CODE', dates: kind === 'DATE', words: kind === 'TEXT' };
}

/** Most cells: blanks, and numbers as programs write them. */
const PLAIN = /^(?:-?(?:0|[1-9]\d{0,14})(?:\.\d+)?)?$/;

function note(said: Said, text: string): void {
  if (PLAIN.test(text)) {
    if (text !== '') said.numbers = true;
    return;
  }
  if (LONE_LETTER.test(text.trim())) return;
  const cell = parseStoredCell(text);
  if (cell === null || cell.missing !== null) return;
  if (cell.number !== null) said.numbers = true;
  else if (isDay(cell.text)) said.dates = true;
  else said.words = true;
}

/** Whether the text of a cell is a day, as a cell with one is stored. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}
