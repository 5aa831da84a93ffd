import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import { UserError } from '../domain/errors.js';
import type { DeidentificationReport } from '../imaging/deidentification/index.js';

/** Opens a file that an import writes line by line; @throws UserError BAD_USER_INPUT when it cannot be written */
export async function openReport(path: string): Promise<WriteStream> {
  try {
    return (await open(path, 'w')).createWriteStream();
  } catch (cause) {
    throw new UserError('BAD_USER_INPUT', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
    });
  }
}

export async function closed(stream: WriteStream | null): Promise<void> {
  if (!stream) return;
  stream.end();
  await finished(stream);
}

/**
 * A report of what became of each file: a line of CSV for each attribute where the file is called so, else a line of JSON for each file.
 *
 * @throws UserError BAD_USER_INPUT when it cannot be written
 */
export async function openDeidentificationReport(path: string) {
  const stream = await openReport(path);
  const asCsv = /\.csv$/i.test(path);
  if (asCsv) stream.write('sha256,sop_instance_uid,attribute,tag,action,count\n');
  return {
    write(report: DeidentificationReport): void {
      stream.write(asCsv ? rowsOf(report) : `${JSON.stringify(report)}\n`);
    },
    close: () => closed(stream),
  };
}

function rowsOf({ sha256, sopInstanceUid, attributes }: DeidentificationReport): string {
  return stringify(
    attributes.map(({ attribute, tag, action, count }) => [sha256, sopInstanceUid, attribute, tag, action, count]),
  );
}
