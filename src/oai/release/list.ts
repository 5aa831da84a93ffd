import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { VISITS, type VisitCode } from '../../domain/visits.js';
import { identifyTable, TABLE_KINDS, type TableKind } from '../tables/kinds.js';
import { isArchive, unpack } from './archives.js';
import { listFolder, type Refusal } from './paths.js';

/** A table of a release that is imported. */
export interface TableFile {
  readonly path: string;
  /** What it is remembered by: its path, within its archive too. */
  readonly identity: string;
  /** Path below the release, an archive being a folder. */
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

/** What there is in a release, found by file names alone. Tables that were unpacked are gone when it is disposed. */
export interface ReleaseListing extends AsyncDisposable {
  /** Real path of the release. */
  readonly root: string;
  /** In the order in which they are imported. */
  readonly tables: readonly TableFile[];
  readonly visitFolders: readonly VisitFolder[];
  /** contents.csv files, in the release's own folder or in those of the visits. */
  readonly contents: readonly string[];
  /** Files that look like tables and are not imported, such as Nutrition00.txt. */
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
  [
    /^mif\d\d\.(?:txt|csv|tsv|asc|dat|xlsx|sas7bdat|xpt)$/i,
    'a list with a row for each medicine, and so with no one value for a visit',
  ],
  [/\.(?:txt|csv|tsv|asc|dat|xlsx|sas7bdat|xpt)$/i, 'not a table of a release'],
  [/\.(?:zip|(?:txt|csv|tsv|asc|dat|xlsx|sas7bdat|xpt)\.gz)$/i, 'an archive within an archive; unpack it first'],
  [/\.(?:xls|ods)$/i, 'a spreadsheet of another kind; save the table as XLSX or CSV'],
  [/\.(?:tar\.gz|tgz|bz2|7z|rar)$/i, 'packed; unpack it first'],
  [/\.(?:sav|dta|rds|rdata|feather|parquet)$/i, "in another program's format; save the table as CSV"],
];

/** How deep tables are looked for: releases unpack to folders such as `AllClinical_ASCII/`. */
const DEPTH = 3;

interface Found {
  readonly tables: TableFile[];
  readonly visitFolders: VisitFolder[];
  readonly contents: string[];
  readonly ignored: Ignored[];
  readonly refusals: Refusal[];
}

/**
 * Finds the tables and image folders of a release. `path` is its folder, or one table or archive of it. Tables within archives are unpacked into
 * a folder of their own, images are not.
 *
 * @throws UserError NOT_FOUND when there is nothing at `path`, BAD_USER_INPUT when it is a file that is neither a table nor an archive
 */
export async function listRelease(path: string): Promise<ReleaseListing> {
  const real = await realpath(path).catch(() => null);
  if (real === null) throw new UserError('NOT_FOUND', `There is no ${path}.`);
  const alone = !(await stat(real)).isDirectory();
  const root = alone ? dirname(real) : real;
  const found: Found = { tables: [], visitFolders: [], contents: [], ignored: [], refusals: [] };
  const scratch = new Scratch();
  try {
    if (!alone) await listFolderOf(root, root, 0, found, scratch);
    else if (isArchive(real)) await takeArchive(real, basename(real), found, scratch);
    else if (!(await takeTable(real, basename(real), found))) {
      throw new UserError(
        'BAD_USER_INPUT',
        `${path} is neither the folder of a release, nor one of its tables by its name, such as Enrollees.txt, nor a .zip or .gz of them.`,
      );
    }
  } catch (error) {
    await scratch.remove();
    throw error;
  }
  found.tables.sort((a, b) => TABLE_KINDS.indexOf(a.kind) - TABLE_KINDS.indexOf(b.kind) || (a.file < b.file ? -1 : 1));
  return { root, ...found, [Symbol.asyncDispose]: () => scratch.remove() };
}

async function listFolderOf(root: string, path: string, depth: number, found: Found, scratch: Scratch): Promise<void> {
  const { files, folders } = await listFolder(root, path, (refusal) => found.refusals.push(refusal));
  for (const { name } of files) {
    const file = relative(root, join(path, name));
    if (name.toLowerCase() === 'contents.csv') found.contents.push(join(path, name));
    if (isArchive(name)) await takeArchive(join(path, name), file, found, scratch);
    else if (!(await takeTable(join(path, name), file, found))) ignore(file, found);
  }
  const ofThisFolder = visitOfFolder(basename(path));
  if (ofThisFolder) {
    found.visitFolders.push({ path, visit: ofThisFolder });
    return;
  }
  for (const { name } of folders) {
    if (name.startsWith('.') || (depth >= DEPTH && !visitOfFolder(name))) continue;
    await listFolderOf(root, join(path, name), depth + 1, found, scratch);
  }
}

/** False when the name is none of a table. */
async function takeTable(path: string, file: string, found: Found, identity = path): Promise<boolean> {
  const table = identifyTable(basename(file));
  if (table === null) return false;
  if ('kind' in table) found.tables.push({ path, identity, file, ...table, bytes: (await stat(path)).size });
  else found.refusals.push({ file, reason: table.refusal });
  return true;
}

async function takeArchive(path: string, file: string, found: Found, scratch: Scratch): Promise<void> {
  const passOver = (entry: string): void => ignore(`${file}/${entry}`, found);
  const wanted = (name: string): boolean => identifyTable(name) !== null;
  try {
    for (const unpacked of await unpack(path, await scratch.folder(), wanted, passOver)) {
      await takeTable(unpacked.path, `${file}/${unpacked.entry}`, found, `${path}/${unpacked.entry}`);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    found.refusals.push({ file, reason: error.message });
  }
}

/** Names what looks like a table and is none that is read. */
function ignore(file: string, found: Found): void {
  const name = basename(file);
  if (/^readme|^contents\.csv$|^\./i.test(name)) return;
  const [, reason] = NOT_READ.find(([ending]) => ending.test(name)) ?? [];
  if (reason !== undefined) found.ignored.push({ file, reason });
}

/** Where archives are unpacked: made when the first one is met. */
class Scratch {
  #root: string | null = null;
  #folders = 0;

  async folder(): Promise<string> {
    this.#root ??= await mkdtemp(join(tmpdir(), 'osteograph-import-'));
    return join(this.#root, String(++this.#folders));
  }

  async remove(): Promise<void> {
    if (this.#root !== null) await rm(this.#root, { recursive: true, force: true });
  }
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
