import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { EXPORT_FILES, TABLE_FORMATS } from '../domain/exports.js';
import { extensionOf } from '../domain/media-types.js';
import { Asset } from '../entities/index.js';
import { requireRole } from '../policy/index.js';
import { auditDownload, type KnownTokens } from '../services/access/index.js';
import type { AssetGrant, AssetUrls } from '../services/files/index.js';
import { BlobMissing, type BlobStore, type ByteRange } from '../storage/index.js';
import { hasHungUp } from './hung-up.js';

export interface AssetOptions {
  dataSource: DataSource;
  store: BlobStore;
  assetUrls: AssetUrls;
  tokens: Pick<KnownTokens, 'standing'>;
}

/** Content types of what holds records alone; anything else may show a person. */
const RECORDS: ReadonlySet<string> = new Set([
  ...TABLE_FORMATS.map((format) => EXPORT_FILES[format].mediaType),
  'application/json',
]);

/** Content types that browsers may show as they are; anything else is a download. */
const INLINE = new Set(['image/png', 'image/jpeg']);

/**
 * `GET /assets/<sha256>`: a blob by signed URL, whole or a range of it. The URL is the permission: it needs no token, ends
 * after an hour or two or with the token it was made for, and each download leaves an audit row before its first byte. The content of an address never changes.
 */
export function assetHandler({ dataSource, store, assetUrls, tokens }: AssetOptions): RequestHandler {
  return async (request, response) => {
    const sha256 = String(request.params['sha256']);
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new UserError('NOT_FOUND', 'There is no such asset.');
    const { tokenId, role } = await grantOf(sha256, request, { assetUrls, tokens });
    const asset = await dataSource.getRepository(Asset).findOneBy({ sha256 });
    if (!asset) throw new UserError('NOT_FOUND', 'There is no such asset.');
    if (!RECORDS.has(asset.mediaType)) requireRole({ role }, 'READER', 'Fetching images');

    const etag = `"${sha256}"`;
    if (namesTag(request.headers['if-none-match'], etag)) {
      return void response.status(304).set(headersOf(asset)).end();
    }
    if (request.method === 'HEAD') {
      // HEAD knows no ranges.
      if (!(await store.exists(asset.storageKey))) throw lost();
      return void response.set(headersOf(asset)).set('Content-Length', String(asset.bytes)).end();
    }
    const range = requestedRange(request, asset.bytes, etag);
    if (range === 'unsatisfiable') {
      return void response.status(416).set('Content-Range', `bytes */${asset.bytes}`).json(rangeError(asset));
    }
    const blob = await opened(store, asset, range);
    const detail = range ? { start: range.start, end: range.end } : {};
    try {
      const row = { tokenId, action: 'asset.download', target: sha256, detail };
      await auditDownload(dataSource, { table: 'asset', ids: [asset.id] }, row);
    } catch (error) {
      blob.destroy();
      throw error;
    }
    await send(response, blob, asset, range);
  };
}

/**
 * What the signed URL of an image allows.
 *
 * @throws UserError FORBIDDEN as {@link grantOf}, and where its token may read records only
 */
export async function imageGrantOf(...of: Parameters<typeof grantOf>): Promise<AssetGrant> {
  const grant = await grantOf(...of);
  requireRole(grant, 'READER', 'Fetching images');
  return grant;
}

/**
 * What the signed URL of a request allows, and the role that its token has by now.
 *
 * @throws UserError FORBIDDEN when it was tampered with, has expired, or its token has
 */
async function grantOf(
  path: string,
  { query }: Request,
  { assetUrls, tokens }: Pick<AssetOptions, 'assetUrls' | 'tokens'>,
): Promise<AssetGrant> {
  const grant = assetUrls.verify(path, query);
  const role = await tokens.standing(grant.tokenId, grant.role);
  if (role) return { ...grant, role };
  throw new UserError('FORBIDDEN', 'The token that this URL was made for has expired or was revoked.');
}

function headersOf(asset: Asset): Record<string, string> {
  return {
    ETag: `"${asset.sha256}"`,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Content-Type': asset.mediaType,
    'Content-Disposition': `${INLINE.has(asset.mediaType) ? 'inline' : 'attachment'}; filename="${fileName(asset)}"`,
    'X-Content-Type-Options': 'nosniff',
    // A page of another origin may show a slice: the signature is the permission.
    'Cross-Origin-Resource-Policy': 'cross-origin',
  };
}

/** @throws UserError UNAVAILABLE for a blob that is not in the store */
async function opened(store: BlobStore, { storageKey }: Asset, range: ByteRange | undefined): Promise<Readable> {
  try {
    return await store.open(storageKey, range);
  } catch (error) {
    throw error instanceof BlobMissing ? lost(error) : error;
  }
}

async function send(response: Response, blob: Readable, asset: Asset, range: ByteRange | undefined): Promise<void> {
  response.set(headersOf(asset)).set('Content-Length', String(range ? range.end - range.start + 1 : asset.bytes));
  if (range) response.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${asset.bytes}`);
  try {
    await pipeline(blob, response);
  } catch (error) {
    // A damaged blob breaks the connection, so that nobody takes it for whole.
    if (!hasHungUp(error)) throw error;
  }
}

function lost(cause?: Error): UserError {
  return new UserError('UNAVAILABLE', 'The file of this asset is not in the blob store.', { cause });
}

/** One range of bytes; several, or a unit other than bytes, are answered with the whole, as HTTP allows. */
export function requestedRange(request: Request, size: number, etag: string): ByteRange | undefined | 'unsatisfiable' {
  const ifRange = request.headers['if-range'];
  if (typeof ifRange === 'string' && ifRange !== etag) return undefined;
  const ranges = request.range(size);
  if (ranges === undefined || ranges === -2) return undefined;
  if (ranges === -1) return 'unsatisfiable';
  if (ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

/** Whether a header such as If-None-Match names a tag. */
export function namesTag(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

function rangeError({ bytes }: Asset): object {
  const message = `The asset has ${bytes} bytes; the range lies outside.`;
  return { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] };
}

function fileName({ sha256, mediaType }: Asset): string {
  return `${sha256.slice(0, 16)}.${extensionOf(mediaType)}`;
}
