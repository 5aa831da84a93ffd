import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { Asset } from '../entities/index.js';

/** Assets of the newest events: when a slice is announced, all subscribers ask for the same one at the same time. */
const KEPT = 1_000;

/** Gives assets by key to everybody who asks, from one statement each. Rows of assets never change, so they may be kept. */
export class SharedAssets {
  private readonly known = new Map<number, Promise<Asset>>();

  constructor(private readonly dataSource: DataSource) {}

  /** @throws UserError NOT_FOUND */
  load(id: number): Promise<Asset> {
    const known = this.known.get(id);
    if (known) return known;
    const loading = this.read(id);
    this.known.set(id, loading);
    // A failure is not kept: the next one who asks tries again.
    loading.catch(() => this.known.delete(id));
    const [oldest] = this.known.keys();
    if (this.known.size > KEPT && oldest !== undefined) this.known.delete(oldest);
    return loading;
  }

  private async read(id: number): Promise<Asset> {
    const asset = await this.dataSource.getRepository(Asset).findOneBy({ id });
    if (!asset) throw new UserError('NOT_FOUND', 'There is no such asset.');
    return asset;
  }
}
