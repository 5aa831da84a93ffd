import type { DataSource } from 'typeorm';
import type { VisitCode } from '../../src/domain/visits.js';
import { writeRelease } from '../../src/oai/synthetic/release.js';
import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from './oai-files.js';

/** Imports the tables of a synthetic release, without any image. */
export async function importSyntheticTables(
  dataSource: DataSource,
  people: { participants: number; seed: number; visits: readonly VisitCode[] },
): Promise<void> {
  const release = await ReleaseFolder.make();
  try {
    await writeRelease({ ...people, compact: true, imageParticipants: 0 }, { out: release.path });
    const { refusals } = await importRelease(dataSource, release.path, { store: {} as BlobStore });
    expect(refusals).toEqual([]);
  } finally {
    await release.remove();
  }
}
