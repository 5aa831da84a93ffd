import type { ArchiveFile } from '../../files/index.js';
import type { SeriesKind } from '../../series/index.js';
import type { ListedFile } from './listed.js';

/** What an archive is filled with, one item after the other. */
export interface ArchiveContents {
  /** README.txt. */
  readme: string;
  /** manifest.csv: the line of names. */
  csvHead: string;
  /** How many items there are to come. */
  count(): Promise<number>;
  items(signal: AbortSignal | undefined): AsyncIterable<ArchiveItem>;
}

/** A volume, or what one generation made. */
export interface ArchiveItem {
  kind: SeriesKind;
  /** None where it was deleted after it was found. */
  files(): AsyncIterable<ArchiveFile>;
  /** Its entry in manifest.json, and its rows of manifest.csv, one per file. */
  listed(files: ListedFile[]): { entry: object; rows: string };
}
