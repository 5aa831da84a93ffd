import type { Request, RequestHandler } from 'express';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { requireRole } from '../policy/index.js';
import { parseStrip, type Strip } from '../domain/strips.js';
import { MAX_UPLOAD_BYTES } from '../domain/uploads.js';
import type { UploadedRadiograph } from '../entities/index.js';
import { isRadiographFile } from '../imaging/radiograph/index.js';
import { newestKneeDetector } from '../services/generations/index.js';
import { UploadedRadiographNode } from '../schema/upload.js';
import type { AssetUrls } from '../services/files/index.js';
import { type Quotas, uploadKey } from '../services/access/index.js';
import { type FilmReader, keepUpload, refuseUploadedResult } from '../services/uploads/index.js';
import type { BlobStore } from '../storage/index.js';
import { viewerOf } from './authenticate.js';
import { charge } from './rate-limit.js';

/** What an upload takes from the quota: it keeps a thread busy, and memory. */
export const UPLOAD_POINTS = 50_000;

/** What a radiograph may be sent as; its first bytes decide what it is. */
export const UPLOAD_MEDIA_TYPES = new Set([
  'image/png',
  'image/jpeg',
  'image/tiff',
  'application/dicom',
  'application/octet-stream',
]);

export interface UploadOptions {
  dataSource: DataSource;
  store: BlobStore;
  assetUrls: AssetUrls;
  quotas: Quotas | undefined;
  reader: FilmReader;
}

/**
 * `POST /radiographs` with a DICOM, PNG, TIFF or JPEG file as its body: the caller's own radiograph, to generate from. Nothing of a request is
 * written anywhere before the whole file was read and found good; then its pixels are, and of its header what the answer says.
 */
export function uploadHandler({ dataSource, store, assetUrls, quotas, reader }: UploadOptions): RequestHandler {
  return async (request, response) => {
    const viewer = viewerOf(response);
    requireRole(viewer, 'OPERATOR', 'Uploading');
    checkHeaders(request);
    const redact = stripsOf(request);
    await charge(quotas, response, UPLOAD_POINTS, 'this upload');
    await store.requireRoom(Number(request.headers['content-length'] ?? 0));
    const film = await reader.admit(async (read) => {
      const bytes = await receiveFile(request);
      if (!isRadiographFile(bytes)) {
        throw new UserError(
          'UNSUPPORTED_MEDIA_TYPE',
          'The file is no DICOM, PNG, TIFF or JPEG file; radiographs are read from these.',
        );
      }
      await refuseUploadedResult(dataSource, bytes);
      const kneeDetector = (await newestKneeDetector(dataSource.manager))?.directory;
      return read({
        bytes,
        kneeDetector,
        redact,
        uidKey: (await uploadKey(dataSource, viewer.tokenId)).toString('hex'),
      });
    });
    const { row, known } = await keepUpload({ dataSource, store }, viewer, film);
    const { url, expiresAt } = assetUrls.sign(row.asset.sha256, viewer.tokenId);
    response.status(known ? 200 : 201).set('Cache-Control', 'no-store');
    response.json({ ...described(row), image: { url, expiresAt } });
  };
}

/** The fields of the GraphQL type of the same name. */
function described(row: UploadedRadiograph): object {
  const { id, view, laterality, rows, columns, pixelSpacing, photometric, knees, warnings, ...kept } =
    new UploadedRadiographNode(row);
  const { deidentification, createdAt, expiresAt } = kept;
  const film = { id, view, laterality, rows, columns, pixelSpacing, photometric, knees, warnings };
  return { ...film, deidentification, createdAt, expiresAt };
}

/** Strips to be made black, from `?redact=top:120`, which may stand there several times; @throws UserError BAD_USER_INPUT */
function stripsOf({ query }: Request): Strip[] {
  const given = [query['redact'] ?? []].flat();
  return given.map((text) => parseStrip(typeof text === 'string' ? text : ''));
}

/** @throws UserError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE */
function checkHeaders({ headers }: Request): void {
  const mediaType = headers['content-type']?.split(';')[0]!.trim().toLowerCase();
  if (mediaType !== undefined && !UPLOAD_MEDIA_TYPES.has(mediaType)) {
    throw new UserError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}; send the file itself as ${[...UPLOAD_MEDIA_TYPES].join(' or ')}.`,
    );
  }
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') {
    throw new UserError('UNSUPPORTED_MEDIA_TYPE', 'The Content-Encoding is not understood; send the file as it is.');
  }
  if (Number(headers['content-length'] ?? 0) > MAX_UPLOAD_BYTES) throw tooLarge();
}

/**
 * A body that is one radiograph.
 *
 * @throws UserError PAYLOAD_TOO_LARGE, as soon as so much has come; BAD_USER_INPUT when the connection ends before the file
 */
export async function receiveFile(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // A refusal in the middle must leave the connection alone: the answer goes over it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_UPLOAD_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    // What still comes is let by, so that the answer can be read.
    request.resume();
    if (error instanceof UserError) throw error;
    throw new UserError('BAD_USER_INPUT', `The upload broke off after ${bytes} bytes.`, { cause: error });
  }
  return Buffer.concat(chunks);
}

function tooLarge(): UserError {
  return new UserError(
    'PAYLOAD_TOO_LARGE',
    `The file has more than ${MAX_UPLOAD_BYTES} bytes, the most a radiograph may have.`,
  );
}
