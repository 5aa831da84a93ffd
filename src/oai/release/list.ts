import { realpath, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { VISITS, type VisitCode } from '../../domain/visits.js';
import { identifyTable, TABLE_KINDS, type TableKind } from '../tables/kinds.js';
import { listFolder, type Refusal } from './paths.js';

/** A table of a release that is imported. */
export interface TableFile {
  readonly path: string;
  /** Path below the release. */
  readonly file: string;
  readonly kind: TableKind;
  /** Null for NDA's tables, whose rows say it. */
  readonly visit: VisitCode | null;
  readonly bytes: number;
}

/** The images of one time point, e.g. `00m`. */
export interface VisitFolder {
  readonly path: string;
  readonly visit: VisitCode;
}

/** What there is in a release, found by file names alone. */
export interface ReleaseListing {
  /** Real path of the release. */
  readonly root: string;
  /** In the order in which they are imported. */
  readonly tables: readonly TableFile[];
  readonly visitFolders: readonly VisitFolder[];
  /** contents.csv files, in the release's own folder or in those of the visits. */
  readonly contents: readonly string[];
  /** Files that look like tables and are not imported, such as Outcomes99.txt. */
  readonly ignored: readonly Ignored[];
  readonly refusals: readonly Refusal[];
}

/** A file that is not imported, and why: a few words that complete "not imported, because it is". */
export interface Ignored {
  readonly file: string;
  readonly reason: string;
}

/** Why a file that looks like a table is none that is read, by its ending. */
const NOT_READ: readonly (readonly [RegExp, string])[] = [
  [/\.(?:txt|csv|tsv|asc|dat)$/i, 'not a table of a release'],
  [/\.(?:xlsx?|ods)$/i, 'a spreadsheet; save the table as CSV'],
  [/\.(?:sas7bdat|xpt)$/i, "in SAS's format, and not a table of a release"],
  [/\.(?:zip|gz|tgz|bz2|7z|rar)$/i, 'packed; unpack it first'],
  [/\.(?:sav|dta|rds|rdata|feather|parquet)$/i, "in another program's format; save the table as CSV"],
];

/** How deep tables are looked for: releases unpack to folders such as `AllClinical_ASCII/`. */
const DEPTH = 3;

/**
 * Finds the tables and image folders of a release. SAS tables are refused only where no other form lies beside them.
 * @throws UserError NOT_FOUND when the folder is not there or is no folder
 */
export async function listRelease(folder: string): Promise<ReleaseListing> {
  const root = await realpath(folder).catch(() => null);
  if (root === null) throw new UserError('NOT_FOUND', `There is no ${folder}.`);
  if (!(await stat(root)).isDirectory())
    throw new UserError('BAD_USER_INPUT', `${folder} is a file; the folder of a release is needed.`);
  const found = {
    tables: [] as TableFile[],
    visitFolders: [] as VisitFolder[],
    contents: [] as string[],
    ignored: [] as Ignored[],
  };
  const refusals: Refusal[] = [];
  const sas: Refusal[] = [];
  const refuse = (refusal: Refusal): void => void refusals.push(refusal);

  const visit = async (path: string, depth: number): Promise<void> => {
    const { files, folders } = await listFolder(root, path, refuse);
    for (const { name } of files) {
      const file = relative(root, join(path, name));
      if (name.toLowerCase() === 'contents.csv') found.contents.push(join(path, name));
      const table = identifyTable(name);
      if (table && 'kind' in table) {
        const { size } = await stat(join(path, name));
        found.tables.push({ path: join(path, name), file, ...table, bytes: size });
      } else if (table) sas.push({ file, reason: table.refusal });
      else if (!/^readme|^contents\.csv$|^\./i.test(name)) {
        const [, reason] = NOT_READ.find(([ending]) => ending.test(name)) ?? [];
        if (reason !== undefined) found.ignored.push({ file, reason });
      }
    }
    const ofThisFolder = visitOfFolder(basename(path));
    if (ofThisFolder) {
      found.visitFolders.push({ path, visit: ofThisFolder });
      return;
    }
    for (const { name } of folders)
      if (!name.startsWith('.') && (depth < DEPTH || visitOfFolder(name))) await visit(join(path, name), depth + 1);
  };
  await visit(root, 0);

  const stems = new Set(found.tables.map(({ file }) => stem(file)));
  refusals.push(...sas.filter(({ file }) => !stems.has(stem(file))));
  found.tables.sort((a, b) => TABLE_KINDS.indexOf(a.kind) - TABLE_KINDS.indexOf(b.kind) || (a.file < b.file ? -1 : 1));
  return { root, ...found, refusals };
}

/** The visit of a folder named after its month, such as `00m` or `48m`. */
export function visitOfFolder(name: string): VisitCode | null {
  const match = /^(\d{1,3})m$/i.exec(name);
  return (match && VISITS.find(({ month }) => month === Number(match[1]))?.code) ?? null;
}

/** The visit of an image release, such as `0.C.2` or `10.E.1`: its first number is OAI's visit number. */
export function visitOfImageRelease(name: string): VisitCode | null {
  const match = /^(\d{1,2})\.[A-Z]\.\d+$/i.exec(name);
  return (match && VISITS.find(({ code }) => code === `V${match[1]!.padStart(2, '0')}`)?.code) ?? null;
}

function stem(file: string): string {
  return basename(file)
    .toLowerCase()
    .replace(/\.[^.]+$/, '');
}
