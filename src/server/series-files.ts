import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { UserError } from '../domain/errors.js';
import { SERIES_FILES, type SeriesFile } from '../domain/series-files.js';
import { requireRole } from '../policy/index.js';
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
import { type ArchiveFile, zipPieces } from '../services/files/index.js';
import type { Volume } from '../imaging/volume.js';
import { type AssetOptions, grantOf, namesTag, requestedRange } from './assets.js';

/**
 * `GET /assets/series/<id>/<file>`: a stored series as a DICOM series, a stack of PNG files, or one picture, by signed URL. It is
 * made from the stored volume each time and kept nowhere: the same series gives the same bytes, so that a tag and ranges hold
 * from one request to the next.
 */
export function seriesFileHandler({ dataSource, store, assetUrls, tokens }: AssetOptions): RequestHandler {
  let last: Promise<unknown> = Promise.resolve();
  return async (request, response) => {
    const { id, file: name } = request.params;
    const { tokenId, role } = await grantOf(`series/${String(id)}/${String(name)}`, request, { assetUrls, tokens });
    requireRole({ role }, 'READER', 'Fetching images');
    const file = name as SeriesFile;
    const [source] = await loadSources(dataSource, [Number(id)]);
    if (!source) throw new UserError('NOT_FOUND', 'There is no such series, or it has no pixels here.');
    // One after the other: each holds a whole volume.
    const making = last.then(async () => makeFile(source, file, await readVolume(store, source)));
    last = making.catch(() => undefined);
    const bytes = await making;
    const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
    const { mediaType, inline } = SERIES_FILES[file];
    response.set({
      ETag: etag,
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'private, max-age=3600',
      'Content-Type': mediaType,
      'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename="${nameOf(source)}.${file}"`,
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    if (namesTag(request.headers['if-none-match'], etag)) return void response.status(304).end();
    const range = requestedRange(request, bytes.length, etag);
    if (range === 'unsatisfiable') {
      return void response.status(416).set('Content-Range', `bytes */${bytes.length}`).end();
    }
    if (range) response.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${bytes.length}`);
    if (request.method !== 'HEAD') {
      // Before the first byte: nobody has a file without its row.
      const detail = { file, ...(range ? { start: range.start, end: range.end } : {}) };
      const row = { tokenId, action: 'series.download', target: String(id), detail };
      await auditDownload(dataSource, { table: 'mri_series', ids: [source.id] }, row);
    }
    response.end(range ? bytes.subarray(range.start, range.end + 1) : bytes);
  };
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
