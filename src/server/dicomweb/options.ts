import type { DataSource } from 'typeorm';
import type { Quotas } from '../../services/access/index.js';
import type { RuleServices } from '../../services/arrivals/index.js';
import type { Catalogue } from '../../services/dicomweb/index.js';
import type { FilmReader } from '../../services/uploads/index.js';
import type { BlobStore } from '../../storage/index.js';

/** What DICOMweb needs of the server. */
export interface DicomwebOptions {
  dataSource: DataSource;
  store: BlobStore;
  quotas: Quotas | undefined;
  catalogue: Catalogue;
  reader: FilmReader;
  /** What asks for what rules make of films that are stored. */
  rules: RuleServices;
}
