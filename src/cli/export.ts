import { createHash } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '../domain/errors.js';
import { EXPORT_FILES, EXPORT_FORMATS } from '../domain/exports.js';
import type { ExportFormat } from '../domain/exports.js';
import { openDatabase } from '../server/database/index.js';
import { exportRequest } from '../server/exports.js';
import { platformSchema } from '../server/schema.js';
import { audit } from '../services/audit.js';
import { COMMAND_LINE } from '../services/cohorts/index.js';
import {
  COLUMN_GROUPS,
  dictionary,
  EXPORT_COLUMNS,
  type ExportManifest,
  type ExportSpec,
  type ExportStream,
  exportSpec,
  writeExport,
} from '../services/exports/index.js';
import { readFilterFile } from './filter-file.js';
import { dataDirOption, sharedDatabase } from './options.js';
import { progressBar } from './progress.js';

interface Options {
  format?: ExportFormat;
  filter?: string;
  cohort?: string;
  columns?: string;
  dataDir: string;
}

/** `osteograph export`: knee exams as a file, with the manifest beside it. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description('write knee exams to a file, one row per exam')
    .argument('[file]', 'file to write; its ending says how: .csv, .ndjson or .parquet')
    .addOption(
      new Option('--format <format>', 'how to write it, where the ending does not say').choices(EXPORT_FORMATS),
    )
    .option('--filter <file>', 'file with a filter of knee exams as JSON; - reads standard input')
    .option('--cohort <id>', 'only exams of this cohort, by its id from "osteograph cohorts"')
    .option('--columns <names>', 'columns or groups, separated by commas; "columns" lists them')
    .addOption(dataDirOption())
    .addHelpText(
      'after',
      `
Groups of columns: ${COLUMN_GROUPS.join(', ')}. Without --columns every group but readings is written. The key columns
and "phantom" are always there; a grade comes with the column that says why it is missing. FILE.manifest.json says what was
written: digest, filter, cohorts, counts, data dictionary with units and codes.

Examples:
  $ osteograph export knees.parquet
  $ echo '{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }' | osteograph export oa.csv --filter - --columns age,sex,grades
  $ osteograph export readings.ndjson --columns readings
  $ osteograph export columns                             the data dictionary`,
    )
    .action(run);
  command.command('columns').description('list the columns with their groups, types and meaning').action(listColumns);
  return command;
}

async function run(file: string | undefined, options: Options): Promise<void> {
  if (file === undefined) throw new UserError('BAD_USER_INPUT', 'Say which file to write, e.g. knees.parquet.');
  const format = options.format ?? formatOf(file);
  const request = exportRequest(await platformSchema(), {
    format,
    columns: options.columns?.split(',').map((name) => name.trim()),
    cohortId: options.cohort,
    where: options.filter === undefined ? undefined : await readFilterFile(options.filter),
  });
  const database = await openDatabase(sharedDatabase(options.dataDir, 'export'));
  const bar = progressBar('Exporting');
  using stop = stopOnSignal();
  try {
    const { dataSource } = database;
    const spec = await exportSpec(dataSource, COMMAND_LINE, request);
    let drawn = false;
    const stream = writeExport(dataSource, spec, {
      signal: stop.signal,
      onProgress({ done, total, rows }) {
        if (!drawn) bar.start(total);
        drawn = true;
        bar.update(done, `${rows} rows`);
      },
    });
    const manifest = await writeWhole(file, spec, stream);
    bar.stop();
    const { rows, filter, cohorts } = manifest;
    await audit(dataSource, { tokenId: null, action: 'export.download', detail: { format, filter, cohorts, rows } });
    console.log(`${file}: ${described(manifest)}`);
  } finally {
    bar.stop();
    await database.close();
  }
}

function described({ rows, phantomRows, synthetic, columns, file }: ExportManifest): string {
  const who = { NONE: '', SOME: `, ${phantomRows} of them of phantoms`, ALL: ', all of phantoms' }[synthetic];
  const phantoms = who && `${who} of a synthetic release`;
  return `${rows} knee exam${rows === 1 ? '' : 's'}${phantoms}; ${columns.length} columns, ${file.bytes} bytes.`;
}

/** Writes beside the file and renames, so that a file that is there is whole; the manifest comes last. */
async function writeWhole(file: string, spec: ExportSpec, stream: ExportStream): Promise<ExportManifest> {
  const part = `${file}.part`;
  try {
    const { sha256, bytes } = await writePieces(part, stream.pieces);
    const { mediaType } = EXPORT_FILES[spec.format];
    const manifest: ExportManifest = { ...stream.description(), file: { sha256, bytes, mediaType } };
    await rename(part, file);
    await writeFile(`${file}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  } catch (error) {
    await rm(part, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new UserError('UNAVAILABLE', `${file} cannot be written (${code}).`, { cause: error });
  }
}

async function writePieces(path: string, pieces: AsyncIterable<Buffer>): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'w');
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece);
      hash.update(piece);
      bytes += piece.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

function formatOf(file: string): ExportFormat {
  const ending = extname(file).slice(1).toLowerCase();
  const format = EXPORT_FORMATS.find((known) => EXPORT_FILES[known].extension === ending);
  if (format) return format;
  throw new UserError(
    'BAD_USER_INPUT',
    `${file} must end in .csv, .ndjson or .parquet, or --format must say how to write it.`,
  );
}

function listColumns(): void {
  for (const { name, group, type, unit, description } of dictionary(EXPORT_COLUMNS)) {
    console.log(`${name.padEnd(20)}  ${group.padEnd(12)}  ${type.padEnd(7)}  ${description}${unit ? `, ${unit}` : ''}`);
  }
}

/** Ctrl-C and SIGTERM end the export in good order, and with it the database that it started. */
function stopOnSignal(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (): void =>
    controller.abort(new UserError('UNAVAILABLE', 'The export was stopped; nothing was written.'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, stop);
    },
  };
}
