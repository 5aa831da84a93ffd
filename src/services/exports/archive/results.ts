import { type DataSource, In } from 'typeorm';
import { encodeId } from '../../../domain/global-ids.js';
import { extensionOf } from '../../../domain/media-types.js';
import { type OutputKind, RESULT_KINDS } from '../../../domain/generation-outputs.js';
import { Generation, GenerationOutput } from '../../../entities/index.js';
import { type BlobStore, readAsset } from '../../../storage/index.js';
import { type ArchiveFile } from '../../files/index.js';
import { fileSafe } from '../../series/index.js';
import type { ArchiveSpec } from '../manifest.js';
import type { ArchiveContents } from './contents.js';
import { csvHead, csvRows } from './listed.js';
import { listedResult, RESULT_COLUMNS } from './listed-result.js';
import { RESULTS_README } from './readme.js';
import { countGenerations, selectGenerations } from './select-generations.js';

/** Of a picture or a film, whose bytes hardly compress further. */
const PACKED = /^(image|video)\/|gzip/;

/** What generations made, each file as it is kept; one is in memory at a time. */
export function resultContents(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { selection, archive }: ArchiveSpec,
): ArchiveContents {
  return {
    readme: RESULTS_README,
    csvHead: csvHead(RESULT_COLUMNS),
    count: () => countGenerations(dataSource, selection, archive),
    async *items(signal) {
      for await (const ids of selectGenerations(dataSource, selection, archive)) {
        for (const id of ids) {
          signal?.throwIfAborted();
          const generation = await loadGeneration(dataSource, id);
          if (!generation) continue;
          yield {
            kind: 'synthetic',
            files: () => filesOf(dataSource, store, generation),
            listed(files) {
              const entry = listedResult(generation, files);
              return { entry, rows: csvRows(RESULT_COLUMNS, entry) };
            },
          };
        }
      }
    },
  };
}

function loadGeneration(dataSource: DataSource, id: string): Promise<Generation | null> {
  return dataSource.getRepository(Generation).findOne({
    where: { id },
    relations: { bundle: true, radiograph: true, sourceSeries: true, exam: { visit: { participant: true } } },
  });
}

/** Its results, below the folder of its knee; none of one that was deleted after its row was read. */
async function* filesOf(dataSource: DataSource, store: BlobStore, generation: Generation): AsyncGenerator<ArchiveFile> {
  const outputs = await dataSource.getRepository(GenerationOutput).find({
    where: { generationId: generation.id, kind: In([...RESULT_KINDS]) },
    relations: { asset: true },
    order: { kind: 'ASC', index: 'ASC' },
  });
  const several = new Set(outputs.filter(({ index }) => index > 0).map(({ kind }) => kind));
  for (const { kind, index, asset } of outputs) {
    let bytes: Buffer;
    try {
      bytes = await readAsset(store, asset);
    } catch (error) {
      if (await dataSource.getRepository(Generation).existsBy({ id: generation.id })) throw error;
      return;
    }
    const { mediaType, createdAt: modified } = asset;
    const name = `${nameOf(kind, several.has(kind) ? index : undefined)}.${extensionOf(mediaType)}`;
    yield { path: `${folderOf(generation)}/${name}`, bytes, compressed: PACKED.test(mediaType), modified };
  }
}

function folderOf({ id, exam, side, bundle: { name, version } }: Generation): string {
  const { visit, side: ofExam } = exam!;
  const made = `${name}-${version}_${encodeId('Generation', id)}`;
  return `synthetic/${fileSafe(visit.participant.oaiId)}/${visit.code}_${side ?? ofExam}/${fileSafe(made)}`;
}

function nameOf(kind: OutputKind, index: number | undefined): string {
  return index === undefined ? kind.toLowerCase() : `${kind.toLowerCase()}-${String(index).padStart(3, '0')}`;
}
