import type { OutputKind } from '../../../../domain/generation-outputs.js';
import { type Generation, Radiograph } from '../../../../entities/index.js';
import type { DicomReference } from '../../../../imaging/dicom/series-elements.js';
import {
  encodeMoving,
  encodeProgression,
  frameGreys,
  frameTable,
  movingFrame,
  type ProgressionFrame,
  renderCurve,
  type TracedKnee,
} from '../../../../imaging/progression/index.js';
import type { MadeBy, TaskAttempt } from '../task.js';
import { parametersIn, type ProgressionParameters } from './parameters.js';
import { recipeOf } from './recipe.js';

/** A file of a progression, before it is stored. */
export interface MadeFile {
  kind: OutputKind;
  index: number;
  bytes: Uint8Array;
  mediaType: string;
  /** Null for what is no picture. */
  rows: number | null;
  columns: number | null;
}

/** Text that every made frame carries. */
export function labelOf({ name, version }: Pick<MadeBy, 'name' | 'version'>): string {
  return `SYNTHETIC, made by ${name} ${version}; what it shows was not seen`;
}

/** What was done to a knee. */
export function inWords({ ownKl, targetKl, compartment }: ProgressionParameters): string {
  const where = compartment === 'BOTH' ? 'both compartments' : `${compartment.toLowerCase()} compartment`;
  return `KL ${ownKl} to ${targetKl}, ${where}`;
}

/** The files of all frames: moving pictures, DICOM, curve and table. */
export async function filesOf(
  attempt: TaskAttempt,
  generation: Generation,
  knee: TracedKnee,
  frames: readonly ProgressionFrame[],
  factor: number,
): Promise<MadeFile[]> {
  const { bundle } = generation;
  const { side } = knee.box;
  const words = inWords(parametersIn(generation));
  const moving = await Promise.all(frames.map((frame) => movingFrame(knee, frame)));
  const pixels = moving.map(({ rgba }) => rgba);
  const size = moving[0]!.side;
  const madeBy = `${bundle.name} ${bundle.version}`;
  const curve = await renderCurve(frames, { title: words, subtitle: madeBy });
  const spacing = knee.pixelSpacing;
  const dicom = encodeProgression(
    frames.map((frame) => frameGreys(frame.pixels, factor)),
    { side, spacing },
    {
      bundle: { name: bundle.name, version: bundle.version },
      derivation: `${words}, ${madeBy}`,
      createdAt: generation.createdAt,
      identity: ['generation', generation.id],
      provenance: JSON.stringify(recipeOf(generation, bundle)),
      sourceImage: await sourceImageOf(attempt),
    },
  );
  const table = frameTable(frames, spacing === null ? null : spacing[1] * side);
  const file = (kind: OutputKind, bytes: Uint8Array, mediaType: string, rows: number | null, columns = rows) => {
    return { kind, index: 0, bytes, mediaType, rows, columns };
  };
  return [
    file('GIF', await encodeMoving('gif', pixels, size), 'image/gif', size),
    file('MP4', await encodeMoving('mp4', pixels, size), 'video/mp4', size),
    file('DICOM', dicom, 'application/dicom', side),
    file('CURVE', curve, 'image/png', curve.readUInt32BE(20), curve.readUInt32BE(16)),
    file('TABLE', Buffer.from(table), 'text/csv', null),
  ];
}

/** The film, where it is a DICOM object of the release. */
async function sourceImageOf({ dataSource, generation }: TaskAttempt): Promise<DicomReference | undefined> {
  if (generation.radiographId === null) return undefined;
  const { sopClassUid, sopInstanceUid } = await dataSource.manager.findOneByOrFail(Radiograph, {
    id: generation.radiographId,
  });
  return sopClassUid === null || sopInstanceUid === null ? undefined : { sopClassUid, sopInstanceUid };
}
