import type { DataSource } from 'typeorm';
import type { GenerationQueue } from '../../scheduling/index.js';
import type { BlobStore } from '../../storage/index.js';
import type { Figures } from '../reports/index.js';

/** What an evaluation is driven with. */
export interface DriveContext {
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  figures: Figures;
}
