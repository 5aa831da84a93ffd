import { madeFilmElements, type MadeFilmHeader, madeFilmUid } from '../dicom/made-film.js';
import { encodeDicom } from '../dicom/write.js';
import type { Film } from '../radiograph/film.js';

/** How a film was restored, for its header. */
export type RestoredHeader = MadeFilmHeader;

const ROOT = 'osteograph restored';

/**
 * A restored film as DICOM (Computed Radiography): derived, marked as synthetic, with the geometry of the film that it was made from
 * and nothing of its patient.
 */
export function encodeRestoredFilm(
  film: Pick<Film, 'rows' | 'columns' | 'pixelSpacing' | 'attributes'>,
  restored: { rows: number; columns: number; data: Uint16Array },
  header: RestoredHeader,
): Uint8Array {
  const { bundle, provenance } = header;
  const spacing = film.pixelSpacing?.map((mm, axis) => {
    const [before, after] = axis === 0 ? [film.rows, restored.rows] : [film.columns, restored.columns];
    return Number(((mm * before) / after).toPrecision(8));
  });
  return encodeDicom({
    pixels: restored.data,
    rows: restored.rows,
    columns: restored.columns,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'CR',
    sopInstanceUid: madeFilmUid(ROOT, header, 'instance'),
    ...(provenance === undefined ? {} : { privateText: provenance }),
    elements: madeFilmElements(ROOT, header, {
      name: 'Restored',
      viewPosition: film.attributes?.viewPosition ?? '',
      comment: `SYNTHETIC, restored by ${bundle.name} ${bundle.version}; what it adds was not seen. Not for clinical use.`,
      spacing: spacing ?? null,
    }),
  });
}
