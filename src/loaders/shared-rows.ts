import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { askerLeft, Asset, Generation, SharedWork } from '../entities/index.js';

/** Of each kind: those that were asked for first go first. */
const KEPT = 1_000;

/**
 * Gives what never changes to everybody who asks, from one statement for each key: when a slice is announced, or a page of a
 * generation opened by a whole class, all ask for the same at the same time.
 */
export class SharedRows<Key, Row> {
  private readonly known = new Map<Key, SharedWork<Row>>();

  constructor(private readonly read: (key: Key) => Promise<Row>) {}

  /** @throws what reading throws; the next one who asks tries again */
  async load(key: Key): Promise<Row> {
    const known = this.known.get(key);
    const loading = known && !known.isAbandoned ? known : this.#begin(key);
    try {
      return await loading.join(askerLeft());
    } catch (error) {
      // A failure is not kept.
      if (this.known.get(key) === loading) this.known.delete(key);
      throw error;
    }
  }

  #begin(key: Key): SharedWork<Row> {
    const loading = new SharedWork(() => this.read(key));
    this.known.set(key, loading);
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
