import { Readable } from 'node:stream';
import { In } from 'typeorm';
import type { T2MapState } from '../../domain/t2-maps.js';
import { MriSeries, T2Map } from '../../entities/index.js';
import { type BlobStore, nameBlob, readAsset, removeUnclaimed } from '../../storage/index.js';
import { type Completion, DamagedData, type RunContext, type StateChange, type WorkKind } from '../../work/index.js';
import { fitInThread } from './fit.js';

/** What a map's log says. */
export type T2MapEventBody = { type: 'STATE_CHANGED'; payload: StateChange<T2MapState> };

export interface T2MapResources {
  store: BlobStore;
}

const NIFTI = 'application/gzip';

/** T2 maps. One that is interrupted is begun anew. */
export const T2_MAP: WorkKind<T2Map, T2MapEventBody, T2MapResources> = {
  name: 'T2 map',
  table: 't2_map',
  entity: T2Map,
  holder: 'server',
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
    SUCCEEDED: [],
    FAILED: [],
    CANCELED: [],
  },
  final: ['SUCCEEDED', 'FAILED', 'CANCELED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  cancels: 'AT_ONCE',
  entering: { RUNNING: { done: 0 } },
  ready: (_row, { store }) => store.requireRoom(0),
  run: fit,
};

async function fit({
  row,
  lease,
  dataSource,
  resources: { store },
}: RunContext<T2Map, T2MapEventBody, T2MapResources>): Promise<Completion<T2Map, T2MapEventBody>> {
  const { echoes, skipFirst, floor } = row;
  let [done, total] = [0, row.total];
  lease.report(() => ({ done, total }));
  const found = await dataSource.getRepository(MriSeries).find({
    where: { id: In(echoes.map(({ seriesId }) => seriesId)) },
    relations: { asset: true },
  });
  const stored = [];
  for (const { seriesId, echoTime, sha256 } of echoes) {
    const asset = found.find(({ id }) => id === seriesId)?.asset;
    const name = `MRI series ${seriesId}`;
    if (asset?.sha256 !== sha256) throw new DamagedData(`${name} is not what it was when the map was asked for.`);
    stored.push({ echoTime, name, bytes: await readAsset(store, asset, name) });
  }
  const phantom = found.some(({ provenance }) => provenance === 'PHANTOM');
  const description = `DERIVED T2 map, ms${phantom ? ', SYNTHETIC phantom' : ''}`;
  const { nifti, ...facts } = await fitInThread(
    { echoes: stored, skipFirst, floor, description },
    {
      signal: lease.signal,
      onSlice(now, all) {
        [done, total] = [now, all];
      },
    },
  );
  const blob = await store.put(Readable.from([nifti]), NIFTI);
  return {
    async finish(manager) {
      const { id: assetId } = await nameBlob(manager, store, blob, NIFTI);
      return { set: { ...facts, done, total, assetId } };
    },
    undo: () => removeUnclaimed(dataSource, store, blob.sha256),
  };
}
