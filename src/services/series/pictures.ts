import { contactSheet } from '../../imaging/contact-sheet.js';
import { encodePng } from '../../imaging/png.js';
import type { Volume } from '../../imaging/volume.js';
import { kindOf, type SeriesKind, type SeriesSource, subjectOf } from './source.js';
import { displayWindow } from './window.js';

const { max, min, round } = Math;

/** What a picture of a series says it is of. */
const LABELS: Record<SeriesKind, string> = { real: 'REAL', phantom: 'PHANTOM', synthetic: 'SYNTHETIC' };

/** The slices of a series as 16-bit PNG files, in its order: black to white is the display window. */
export function* pngFiles(source: SeriesSource, volume: Volume): Generator<Buffer> {
  const { rows, columns, slices } = volume;
  const { low, high } = displayWindow(source, volume);
  const label = LABELS[kindOf(source)];
  const Comment = label === 'REAL' ? `${source.sequence}; black ${low}, white ${high}` : `${label}; not a real MRI`;
  for (let index = 0; index < slices; index++) {
    const data = Uint16Array.from(sliceOf(volume, index), (value) => round(65_535 * share(value, low, high)));
    yield encodePng({ rows, columns, data }, { Comment });
  }
}

/** One picture with slices of the whole series, each with the word that says what it is of: a PNG file. */
export function montageOf(source: SeriesSource, volume: Volume): Promise<Buffer> {
  const { sequence, generation, plane } = source;
  const { low, high } = displayWindow(source, volume);
  const { id, visit, side } = subjectOf(source);
  const whose = visit ? `Participant ${id} · ${visit.code}` : 'Uploaded radiograph';
  return contactSheet({
    title: `${whose} · ${side.toLowerCase()} knee`,
    subtitle: generation ? `${generation.bundle.name} ${generation.bundle.version}, seed ${generation.seed}` : sequence,
    label: LABELS[kindOf(source)],
    coronal: plane === 'CORONAL',
    slices: Array.from({ length: volume.slices }, (_, index) => () => ({
      rows: volume.rows,
      columns: volume.columns,
      data: Float32Array.from(sliceOf(volume, index), (value) => share(value, low, high)),
    })),
  });
}

function sliceOf({ data, rows, columns }: Volume, index: number): Volume['data'] {
  return data.subarray(index * rows * columns, (index + 1) * rows * columns);
}

function share(value: number, low: number, high: number): number {
  return min(max((value - low) / (high - low), 0), 1);
}
