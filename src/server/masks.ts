import type { RequestHandler } from 'express';
import { UserError } from '../domain/errors.js';
import { isNiftiFile } from '../imaging/nifti.js';
import { requireRole } from '../policy/index.js';
import { UploadedMaskNode } from '../schema/upload.js';
import { keepMask, type MaskReader } from '../services/uploads/index.js';
import { viewerOf } from './authenticate.js';
import { charge } from './rate-limit.js';
import { checkHeaders, receiveFile, UPLOAD_POINTS } from './upload-body.js';
import type { UploadOptions } from './uploads.js';

/** What a mask may be sent as; its first bytes decide what it is. */
export const MASK_MEDIA_TYPES = new Set(['application/octet-stream', 'application/gzip', 'application/x-gzip']);

/**
 * `POST /masks` with a NIfTI file as its body, above 0 where a series is to be filled in. Nothing of a request is written anywhere before the
 * whole file was read and found good.
 */
export function maskHandler({
  dataSource,
  store,
  assetUrls,
  quotas,
  reader,
}: Omit<UploadOptions, 'reader'> & { reader: MaskReader }): RequestHandler {
  return async (request, response) => {
    const viewer = viewerOf(response);
    requireRole(viewer, 'OPERATOR', 'Uploading');
    checkHeaders(request, MASK_MEDIA_TYPES, 'a mask');
    await charge(quotas, response, UPLOAD_POINTS, 'this upload');
    await store.requireRoom(Number(request.headers['content-length'] ?? 0));
    const mask = await reader.admit(async (read) => {
      const bytes = await receiveFile(request, 'a mask');
      if (!isNiftiFile(bytes)) {
        throw new UserError(
          'UNSUPPORTED_MEDIA_TYPE',
          'The file is no NIfTI file; masks are read from .nii and .nii.gz.',
        );
      }
      return read({ bytes });
    });
    const { row, known } = await keepMask({ dataSource, store }, viewer, mask);
    const { id, columns, rows, slices, hiddenVoxels, createdAt, expiresAt } = new UploadedMaskNode(row);
    const volume = assetUrls.sign(row.asset.sha256, viewer);
    response.status(known ? 200 : 201).set('Cache-Control', 'no-store');
    response.json({
      ...{ id, columns, rows, slices, hiddenVoxels, createdAt, expiresAt },
      volume: { url: volume.url, expiresAt: volume.expiresAt },
    });
  };
}
