import type { DataSource } from 'typeorm';
import type { KneeExam, MriSeries } from '../../src/entities/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { type BlobStore, storeAsset } from '../../src/storage/index.js';
import type { Factories } from './factories.js';

/** Of every echo. */
export const ECHO_GRID = { columns: 5, rows: 4, slices: 3 } as const;

/** T2 of a voxel, ms: it grows by 5 ms from column to column. */
export function t2At(voxel: number): number {
  return 30 + 5 * (voxel % ECHO_GRID.columns);
}

/** Imported echoes of one series at these times, ms. @param signal at the pulse */
export async function makeEchoSeries(
  { make, dataSource, store }: { make: Factories; dataSource: DataSource; store: BlobStore },
  exam: KneeExam,
  times: readonly number[],
  signal = 40_000,
): Promise<MriSeries[]> {
  const { columns, rows, slices } = ECHO_GRID;
  const spacing = [0.4, 0.4, 3] as const;
  const grid = {
    ...ECHO_GRID,
    spacing,
    placement: 'SCANNER',
    affine: centredAffine('SAGITTAL', [columns, rows, slices], spacing),
  } as const;
  const made: MriSeries[] = [];
  for (const echoTime of times) {
    const data = Uint16Array.from({ length: columns * rows * slices }, (_, at) =>
      Math.round(signal * Math.exp(-echoTime / t2At(at))),
    );
    const nifti = await encodeNifti({ ...grid, data }, 'echo');
    const { id: assetId } = await storeAsset(dataSource.manager, store, nifti, 'application/gzip');
    const unknown = { repetitionTime: null, inversionTime: null, flipAngle: null, fieldStrength: null, averages: null };
    const scanner = { pixelBandwidth: null, manufacturer: null, model: null, receiveCoil: null };
    const acquisition = { echoTime, sliceThickness: 3, ...unknown, ...scanner };
    const named = { sequence: 'SAG_T2_MAP_RIGHT', plane: 'SAGITTAL', sliceCount: slices } as const;
    made.push(await make.series(exam, { ...named, assetId, acquisition, provenance: 'REAL', sponsor: null }));
  }
  return made;
}
