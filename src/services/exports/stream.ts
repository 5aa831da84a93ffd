import type { ExportDescription, TableDescription } from './manifest.js';
import type { ExportProgress } from './rows.js';

/** An export under way. */
export interface ExportStream<T extends ExportDescription = ExportDescription> {
  /** The file; nothing is read from the database before somebody asks for the next piece. */
  pieces: AsyncIterable<Buffer>;
  /** What was written; complete once the last piece is out. */
  description(): T;
  /** Of an archive, once it is whole: its manifest.json. */
  manifestFile(): Buffer | undefined;
}

/** A table under way. */
export interface TableStream extends ExportStream<TableDescription> {
  /**
   * Reads the first rows, so that what is refused is refused before the first piece.
   *
   * @throws UserError as the pieces
   */
  begin(): Promise<void>;
  /** Ends it without a piece. */
  leave(): Promise<void>;
}

export interface ExportHooks {
  signal?: AbortSignal;
  onProgress?: (progress: ExportProgress) => void;
}
