/**
 * The thread in which one film is made ready for the network and, restored, written to files: work of many seconds for a large film,
 * during which the worker's own thread goes on to renew its lease.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../../../domain/errors.js';
import type { OutputKind } from '../../../../domain/generation-outputs.js';
import type { DicomReference } from '../../../../imaging/dicom/series-elements.js';
import { encodePng } from '../../../../imaging/png.js';
import { loadRadiograph } from '../../../../imaging/radiograph/index.js';
import {
  encodeRestoredFilm,
  finishFilm,
  type NetworkFilm,
  type PreparedFilm,
  prepareFilm,
  previewsOf,
  renderBeforeAfter,
  type RestorationAim,
} from '../../../../imaging/restoration/index.js';

/** A film to restore. */
export interface FilmWork {
  bytes: Uint8Array;
  /** What messages call the film. */
  name: string;
  pixelSpacing: number | null;
  aim: Exclude<RestorationAim, { kind: 'INPAINT' }> | { kind: 'INPAINT'; mask: Uint8Array };
  /** Percentiles of the film that become 0 and 1. */
  window: readonly [number, number];
}

/** What the network has given, and what the files are to say of it. */
export interface FinishWork {
  restored: Float32Array;
  bundle: { name: string; version: string };
  /** What was done, in words. */
  derivation: string;
  /** Text that every file carries. */
  label: string;
  createdAt: Date;
  identity: string;
  provenance: string;
  sourceImage: DicomReference | undefined;
}

export interface MadeFile {
  kind: OutputKind;
  bytes: Uint8Array;
  mediaType: string;
  rows: number;
  columns: number;
}

export type FilmAnswer =
  { prepared: NetworkFilm } | { files: MadeFile[] } | { refusal: Pick<UserError, 'code' | 'message'> };

const work = workerData as FilmWork;
let ready: { prepared: PreparedFilm; most: number } | undefined;

parentPort!.on('message', (finish: FinishWork) => void answer(async () => ({ files: await finished(finish) })));
await answer(prepare);

async function answer(work: () => Promise<FilmAnswer>): Promise<void> {
  try {
    parentPort!.postMessage(await work());
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, message } = error;
    parentPort!.postMessage({ refusal: { code, message } } satisfies FilmAnswer);
  }
}

async function prepare(): Promise<FilmAnswer> {
  const { bytes, name, aim, window } = work;
  const film = await loadRadiograph({ bytes, name });
  const wanted =
    aim.kind === 'INPAINT' ? { ...aim, mask: await loadRadiograph({ bytes: aim.mask, name: 'The mask' }) } : aim;
  const prepared = prepareFilm(film, wanted, window);
  ready = { prepared, most: film.data.reduce((most, value) => Math.max(most, value), 0) };
  const { rows, columns, data, mask, sigma, impulses, scale } = prepared;
  return { prepared: { rows, columns, data, sigma, impulses, scale, ...(mask ? { mask } : {}) } };
}

async function finished({ restored, bundle, derivation, label, ...header }: FinishWork): Promise<MadeFile[]> {
  const { prepared, most } = ready!;
  const { rows, columns, low, high, original, scale, mask } = prepared;
  // Films of 8 bits get 16, so that what lies between their greys is kept.
  const factor = most <= 255 ? 257 : 1;
  const data = finishFilm(prepared, restored, factor);
  const after = {
    rows,
    columns,
    data: Float32Array.from(data, (value) => (value / factor - low) / (high - low)),
  };
  const before = mask ? original : { rows, columns, data: prepared.data };
  const previews = previewsOf({ before, after }, label);
  const title = `${bundle.name} ${bundle.version}`;
  const sheet = await renderBeforeAfter({ title, subtitle: derivation, before, after });
  const spacing = work.pixelSpacing;
  const dicom = encodeRestoredFilm(
    {
      rows: rows / scale,
      columns: columns / scale,
      pixelSpacing: spacing === null ? null : [spacing, spacing],
      attributes: null,
    },
    { rows, columns, data },
    { ...header, bundle, derivation, identity: ['generation', header.identity] },
  );
  const png = (kind: OutputKind, bytes: Uint8Array, size: { rows: number; columns: number }): MadeFile => {
    return { kind, bytes, mediaType: 'image/png', rows: size.rows, columns: size.columns };
  };
  return [
    png('FILM', encodePng({ rows, columns, data }, { Comment: label }), after),
    { ...png('DICOM', dicom, after), mediaType: 'application/dicom' },
    png('BEFORE', previews.before, previews),
    png('AFTER', previews.after, previews),
    png('DIFFERENCE', previews.difference, previews),
    png('SHEET', sheet, { rows: sheet.readUInt32BE(20), columns: sheet.readUInt32BE(16) }),
  ];
}
