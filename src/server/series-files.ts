import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { UserError } from '../domain/errors.js';
import { SERIES_FILES, type SeriesFile } from '../domain/series-files.js';
import { auditDownload } from '../services/access/index.js';
import { sliceName } from '../services/exports/index.js';
import {
  dicomFiles,
  loadSources,
  montageOf,
  nameOf,
  pngFiles,
  readVolume,
  type SeriesSource,
} from '../services/series/index.js';
import { findT2MapFile, t2MapFile } from '../services/t2-maps/index.js';
import { type ArchiveFile, zipPieces } from '../services/files/index.js';
import type { Volume } from '../imaging/volume.js';
import { type AssetOptions, imageGrantOf, namesTag, requestedRange } from './assets.js';

/**
 * `GET /assets/series/<id>/<file>`: a stored series as a DICOM series, a stack of PNG files, or one picture, by signed URL. It is
 * made from the stored volume each time and kept nowhere: the same series gives the same bytes, so that a tag and ranges hold
 * from one request to the next.
 */
export function seriesFileHandler({ dataSource, store, assetUrls, tokens }: AssetOptions): RequestHandler {
  return async (request, response) => {
    const { id, file: name } = request.params;
    const { tokenId } = await imageGrantOf(`series/${String(id)}/${String(name)}`, request, { assetUrls, tokens });
    const file = name as SeriesFile;
    const [source] = await loadSources(dataSource, [Number(id)]);
    if (!source) throw new UserError('NOT_FOUND', 'There is no such series, or it has no pixels here.');
    const { mediaType, inline } = SERIES_FILES[file];
    await sendMade(request, response, {
      ...{
        bytes: await inTurn(async () => makeFile(source, file, await readVolume(store, source))),
        mediaType,
        inline,
        name: `${nameOf(source)}.${file}`,
      },
      // Before the first byte: nobody has a file without its row.
      audit: (range) =>
        auditDownload(
          dataSource,
          { table: 'mri_series', ids: [source.id] },
          { tokenId, action: 'series.download', target: String(id), detail: { file, ...range } },
        ),
    });
  };
}

/**
 * `GET /assets/t2-maps/<id>/map.dcm`: a T2 map as a DICOM Parametric Map, by signed URL; made from the stored map each time, like the files of a series.
 */
export function t2MapFileHandler({ dataSource, store, assetUrls, tokens }: AssetOptions): RequestHandler {
  return async (request, response) => {
    const id = String(request.params['id']);
    const { tokenId } = await imageGrantOf(`t2-maps/${id}/map.dcm`, request, { assetUrls, tokens });
    const map = await findT2MapFile(dataSource, Number(id));
    if (!map) throw new UserError('NOT_FOUND', 'There is no such T2 map.');
    await sendMade(request, response, {
      ...{
        bytes: await inTurn(() => t2MapFile(store, map)),
        mediaType: 'application/dicom',
        inline: false,
        name: `t2-map-${id}.dcm`,
      },
      audit: (range) =>
        auditDownload(
          dataSource,
          { table: 'mri_series', ids: [map.source.id] },
          { tokenId, action: 't2Map.download', target: id, detail: { ...range } },
        ),
    });
  };
}

/** What is made for a request now; whoever comes meanwhile waits, since each holds a whole volume. */
let last: Promise<unknown> = Promise.resolve();

async function inTurn<T>(make: () => Promise<T>): Promise<T> {
  const making = last.then(make);
  last = making.catch(() => undefined);
  return making;
}

interface MadeFile {
  bytes: Uint8Array;
  mediaType: string;
  inline: boolean;
  name: string;
  /** Called before the first byte of an answer that has some. */
  audit(range: { start?: number; end?: number }): Promise<void>;
}

/** Answers with a file that was made for this request, whole or a range of it. */
async function sendMade(request: Request, response: Response, made: MadeFile): Promise<void> {
  const { bytes, mediaType, inline, name, audit } = made;
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  response.set({
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=3600',
    'Content-Type': mediaType,
    'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  });
  if (namesTag(request.headers['if-none-match'], etag)) return void response.status(304).end();
  const range = requestedRange(request, bytes.length, etag);
  if (range === 'unsatisfiable') {
    return void response.status(416).set('Content-Range', `bytes */${bytes.length}`).end();
  }
  if (range) response.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${bytes.length}`);
  if (request.method !== 'HEAD') await audit(range ? { start: range.start, end: range.end } : {});
  response.end(range ? bytes.subarray(range.start, range.end + 1) : bytes);
}

async function makeFile(source: SeriesSource, file: SeriesFile, volume: Volume): Promise<Buffer> {
  if (file === 'montage.png') return montageOf(source, volume);
  const [slices, extension] =
    file === 'dicom.zip' ? [dicomFiles(source, volume), 'dcm'] : [pngFiles(source, volume), 'png'];
  return buffer(Readable.from(zipPieces(entries(source, slices, volume, extension))));
}

async function* entries(
  source: SeriesSource,
  slices: Iterable<Uint8Array>,
  volume: Volume,
  extension: string,
): AsyncGenerator<ArchiveFile> {
  let index = 0;
  for (const bytes of slices) {
    const path = `${nameOf(source)}/${sliceName(++index, volume.slices)}.${extension}`;
    yield { path, bytes, modified: source.createdAt, compressed: extension === 'png' };
    await nextTurn();
  }
}
