import type { Side } from '../../domain/participants.js';
import type { UploadedRadiograph } from '../../entities/index.js';
import { encodeFilm, type Film, kneesOn, loadRadiograph } from '../../imaging/radiograph/index.js';
import { refuseBurnedIn } from '../../imaging/deidentify.js';
import { refuseFile } from '../../imaging/refuse.js';
import { openDetector, startInferenceHost } from '../../inference/index.js';
import { filmSide, sideInWords } from '../../oai/index.js';

/** What is kept of an uploaded file. */
export type KeptFilm = Pick<
  UploadedRadiograph,
  'view' | 'laterality' | 'rows' | 'columns' | 'pixelSpacing' | 'photometric' | 'knees' | 'warnings'
> & {
  /** The pixels: a 16-bit grey PNG, bone bright. */
  png: Uint8Array;
};

/** What messages call the file: its own name may name a patient. */
const NAME = 'The file';

/**
 * Reads an uploaded radiograph, finds its knees, and leaves behind everything else that the file says.
 *
 * @param kneeDetector folder of the knee detector; the outlines of a drawn knee are matched without one
 * @throws UserError FILE_REFUSED with one sentence, for whatever is no whole radiograph
 */
export async function readFilm(bytes: Uint8Array, kneeDetector: string | undefined): Promise<KeptFilm> {
  const film = await loadRadiograph({ bytes, name: NAME });
  const { rows, columns, pixelSpacing, attributes } = film;
  if (attributes?.modality === 'MR') refuseFile(NAME, 'is a slice of an MRI series; a radiograph is needed');
  if (attributes) refuseBurnedIn(attributes, NAME);
  const laterality =
    attributes && (sideInWords(attributes.laterality ?? '') ?? filmSide(attributes.seriesDescription ?? ''));
  const { view, knees, problems } = await findKnees(film, laterality, kneeDetector);
  return {
    view,
    // What shows both knees is of neither side.
    laterality: view === 'BILATERAL' ? null : laterality,
    rows,
    columns,
    pixelSpacing: pixelSpacing?.[0] ?? null,
    photometric: attributes?.photometric ?? null,
    knees,
    warnings: [...problems, ...unknowns(film, view, laterality)],
    png: encodeFilm(film),
  };
}

async function findKnees(film: Film, laterality: Side | null, kneeDetector: string | undefined) {
  if (kneeDetector === undefined) return kneesOn(film, { laterality, detector: undefined });
  const host = await startInferenceHost({ device: 'cpu', threads: 1 });
  try {
    return await kneesOn(film, { laterality, detector: await openDetector(host, kneeDetector) });
  } finally {
    await host.close();
  }
}

function unknowns({ pixelSpacing }: Film, view: KeptFilm['view'], laterality: Side | null): string[] {
  const shows = view === 'BILATERAL' ? 'both knees' : 'one knee';
  return [
    ...(pixelSpacing
      ? []
      : [`The file does not say how large its pixels are; by its shape it was taken to show ${shows}.`]),
    ...(view === 'SINGLE' && laterality === null ? ['The file does not say which knee it shows.'] : []),
  ];
}
