import { extname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { UserError } from '../domain/errors.js';
import { ARCHIVE_FORMATS, EXPORT_FILES, EXPORT_FORMATS, type ExportFormat, TABLE_FORMATS } from '../domain/exports.js';

const EITHER = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/**
 * The format that the ending of a file tells.
 *
 * @throws UserError BAD_USER_INPUT where it tells none, or only that it is an archive
 */
export function formatOf(file: string): ExportFormat {
  const ending = extname(file).slice(1).toLowerCase();
  const format = TABLE_FORMATS.find((known) => EXPORT_FILES[known].extension === ending);
  if (format) return format;
  if (ending === 'zip') {
    throw new UserError(
      'BAD_USER_INPUT',
      `Say with --format what ${file} is to hold: ${EITHER.format(ARCHIVE_FORMATS.map(written))}.`,
    );
  }
  throw new UserError(
    'BAD_USER_INPUT',
    `${file} must end in .csv, .ndjson or .parquet, or --format must say how to write it.`,
  );
}

/** A format as the command line writes it: nifti-zip. */
export function written(format: ExportFormat): string {
  return format.toLowerCase().replace('_', '-');
}

/** The format of a name such as nifti-zip, for commander. */
export function formatNamed(name: string): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => written(known) === name.toLowerCase().replace('_', '-'));
  if (format) return format;
  throw new InvalidArgumentError(`It must be one of ${EXPORT_FORMATS.map(written).join(', ')}.`);
}
