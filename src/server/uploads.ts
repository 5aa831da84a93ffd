import type { Request, RequestHandler } from 'express';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { requireRole } from '../policy/index.js';
import { parseStrip, type Strip } from '../domain/strips.js';
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
import { checkHeaders, receiveFile, UPLOAD_POINTS } from './upload-body.js';

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
    checkHeaders(request, UPLOAD_MEDIA_TYPES, 'a radiograph');
    const redact = stripsOf(request);
    await charge(quotas, response, UPLOAD_POINTS, 'this upload');
    await store.requireRoom(Number(request.headers['content-length'] ?? 0));
    const film = await reader.admit(async (read) => {
      const bytes = await receiveFile(request, 'a radiograph');
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
    const { url, expiresAt } = assetUrls.sign(row.asset.sha256, viewer);
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
