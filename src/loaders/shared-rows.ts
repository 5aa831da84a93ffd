import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { Asset, Generation } from '../entities/index.js';

/** Of each kind: those that were asked for first go first. */
const KEPT = 1_000;

/**
 * Gives what never changes to everybody who asks, from one statement for each key: when a slice is announced, or a page of a
 * generation opened by a whole class, all ask for the same at the same time.
 */
export class SharedRows<Key, Row> {
  private readonly known = new Map<Key, Promise<Row>>();

  constructor(private readonly read: (key: Key) => Promise<Row>) {}

  /** @throws what reading throws; the next one who asks tries again */
  load(key: Key): Promise<Row> {
    const known = this.known.get(key);
    if (known) return known;
    const loading = this.read(key);
    this.known.set(key, loading);
    // A failure is not kept.
    loading.catch(() => this.known.delete(key));
    const [oldest] = this.known.keys();
    if (this.known.size > KEPT && oldest !== undefined) this.known.delete(oldest);
    return loading;
  }
}

/** Assets by key. Loading throws UserError NOT_FOUND. */
export function sharedAssets(dataSource: DataSource): SharedRows<number, Asset> {
  return new SharedRows(async (id) => found(await dataSource.getRepository(Asset).findOneBy({ id }), 'asset'));
}

/** The upload that a generation is made from, null for those made from exams. Loading throws UserError NOT_FOUND. */
export function generationUploads(dataSource: DataSource): SharedRows<string, string | null> {
  const rows = dataSource.getRepository(Generation);
  return new SharedRows(async (id) => {
    const row = await rows.findOne({ select: { id: true, uploadId: true }, where: { id } });
    return found(row, 'generation').uploadId;
  });
}

function found<Row>(row: Row | null, what: string): Row {
  if (!row) throw new UserError('NOT_FOUND', `There is no such ${what}.`);
  return row;
}
