import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type Asset, Generation, GenerationDifference, KneeExam, MriSeries, STANDING } from '../../entities/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import { openFigures, readSeries, readSlices } from '../reports/index.js';

/** Two generated volumes of one knee compared, with the files that show where they differ. */
export interface FoundDifference {
  summary: GenerationDifference['summary'];
  /** b - a as NIfTI, 32768 where they agree. */
  volume: Asset;
  /** Both volumes and their difference side by side, PNG. */
  picture: Asset;
}

/** Compares the volumes of generations, by their keys. */
export interface Differences {
  /** @throws UserError as {@link generationDifference} */
  between(first: string, second: string): Promise<FoundDifference>;
}

export function openDifferences(dataSource: DataSource, store: BlobStore): Differences {
  return { between: (first, second) => generationDifference(dataSource, store, first, second) };
}

/**
 * The difference of two finished generations of one exam, or of one knee of an upload. It is computed once, in a thread of its own,
 * and kept.
 *
 * @throws UserError NOT_FOUND; BAD_USER_INPUT when they are of different knees or slice counts, or not finished
 */
async function generationDifference(
  dataSource: DataSource,
  store: BlobStore,
  firstId: string,
  secondId: string,
): Promise<FoundDifference> {
  const [first, second] = [await find(dataSource, 'a', firstId), await find(dataSource, 'b', secondId)];
  refuseUnlike(first, second);
  const known = await kept(dataSource, first.id, second.id);
  if (known) return known;
  const { manager } = dataSource;
  const { side } = first.examId === null ? first : await manager.findOneByOrFail(KneeExam, { id: first.examId });
  const series = first.examId === null ? undefined : await comparedSeries(dataSource, store, first.examId);
  const figures = openFigures();
  try {
    const { summary, nifti, sheet } = await figures.run('volumeDifference', {
      side: side!,
      title: `Two volumes of one ${side!.toLowerCase()} knee`,
      first: { label: labelOf(first), slices: await readSlices(dataSource, store, first.id) },
      second: { label: labelOf(second), slices: await readSlices(dataSource, store, second.id) },
      ...(series ? { series } : {}),
    });
    const volume = await storeAsset(manager, store, Buffer.from(nifti!), 'application/gzip');
    const picture = await storeAsset(manager, store, Buffer.from(sheet!), 'image/png');
    const row = { firstId: first.id, secondId: second.id, summary, volumeId: volume.id, pictureId: picture.id };
    await manager
      .createQueryBuilder()
      .insert()
      .into(GenerationDifference)
      .values(row as object)
      .orIgnore()
      .execute();
    return { summary, volume, picture };
  } finally {
    await figures.close();
  }
}

async function find(dataSource: DataSource, name: string, id: string): Promise<Generation> {
  const found = await dataSource.manager.findOne(Generation, { where: { id }, relations: { bundle: true } });
  if (!found) throw new UserError('NOT_FOUND', `${name}: there is no such generation.`);
  if (found.state !== 'SUCCEEDED') {
    throw new UserError('BAD_USER_INPUT', `${name} is ${found.state}; only finished volumes can be compared.`);
  }
  if (found.sliceCount === null) {
    throw new UserError('BAD_USER_INPUT', `${name} makes no volume; only volumes can be compared.`);
  }
  return found;
}

function refuseUnlike(a: Generation, b: Generation): void {
  if (a.id === b.id) throw new UserError('BAD_USER_INPUT', 'a and b are the same generation.');
  if (a.examId !== b.examId || a.uploadId !== b.uploadId || a.side !== b.side) {
    throw new UserError(
      'BAD_USER_INPUT',
      'a and b are of different knees or visits; only volumes of one knee at one visit can be compared.',
    );
  }
  if (a.sliceCount !== b.sliceCount) {
    throw new UserError(
      'BAD_USER_INPUT',
      `a has ${a.sliceCount} slices and b ${b.sliceCount}; only volumes with equal slices can be compared.`,
    );
  }
}

async function kept(dataSource: DataSource, firstId: string, secondId: string): Promise<FoundDifference | undefined> {
  const row = await dataSource.manager.findOne(GenerationDifference, {
    where: { firstId, secondId },
    relations: { volume: true, picture: true },
  });
  return row ? { summary: row.summary, volume: row.volume, picture: row.picture } : undefined;
}

/** The imported series on which the compartments are found, as evaluations choose it. */
async function comparedSeries(dataSource: DataSource, store: BlobStore, examId: number) {
  const candidates = await dataSource.manager.find(MriSeries, {
    where: { examId, synthetic: false, plane: 'CORONAL', dropped: STANDING },
    order: { id: 'ASC' },
  });
  const series = candidates.find(({ sequence, assetId }) => assetId !== null && /COR.*T1.*FLASH/i.test(sequence));
  return series && readSeries(dataSource, store, series.id);
}

/** What a volume was made with, for the picture. */
function labelOf({ bundle, steps, seed, featureOverrides }: Generation): string {
  const overrides = Object.entries(featureOverrides).map(([code, grade]) => `${code} ${grade ?? 'missing'}`);
  return [`${bundle.name}@${bundle.version}`, `${steps} steps`, `seed ${seed}`, ...overrides].join(', ');
}
