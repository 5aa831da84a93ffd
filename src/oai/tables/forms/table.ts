import type { Columns } from '../columns.js';

/** One row of a table below its header. */
export interface TableRow {
  /** Line of a text file or a spreadsheet, whose header is line 1; number of the observation in SAS's formats. */
  readonly line: number;
  /** Text as the ASCII form of a release has it, whatever the form: codes of missing values as ".P", dates as yyyy-mm-dd. */
  readonly cells: readonly string[];
}

/** A table of a release, opened: its header is known, its rows are read as they are asked for. */
export interface Table {
  readonly columns: Columns;
  readonly width: number;
  /** Further sheets of a workbook that hold rows, which are not read. */
  readonly otherSheets?: number;
  /** What is to be known of how its rows were read, once they were; a sentence each. */
  remarks?(): string[];
  /** @throws UserError FILE_REFUSED when the file stops being a table half-way */
  rows(): AsyncGenerator<TableRow>;
}
