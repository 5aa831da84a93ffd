import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { UserError } from '../../domain/errors.js';
import { dicomJson } from '../../imaging/dicom/json-model.js';
import { toExplicitLittleEndian } from '../../imaging/dicom/transcode.js';
import { EXPLICIT } from '../../imaging/dicom/transfer-syntaxes.js';
import { parseDicom } from '../../imaging/dicom/read.js';
import { auditDownload } from '../../services/access/index.js';
import {
  type DicomPath,
  findSeries,
  type FoundSeries,
  type GivenObject,
  readObjects,
} from '../../services/dicom-objects/index.js';
import { viewerOf } from '../authenticate.js';
import { hasHungUp } from '../hung-up.js';
import { charge } from '../rate-limit.js';
import { type AcceptedType, acceptedTypes, chooseJson, notAcceptable, takesParts } from './accept.js';
import { multipartOf } from './multipart.js';
import type { DicomwebOptions } from './options.js';
import { addressOf, objectPathOf, rootOf } from './paths.js';

/** What an answer takes from the quota for each object: it is read, and perhaps unpacked. */
const OBJECT_POINTS = 200;

/** What messages call an object: UIDs are long, and stand in the address. */
export const OBJECT = 'The object';

/** What a request asks for, once it is paid for. */
export interface Asked {
  path: DicomPath;
  found: FoundSeries[];
  count: number;
}

/**
 * The objects that the address of a request names.
 *
 * @throws UserError NOT_FOUND; RATE_LIMITED
 */
export async function askedObjects(
  { dataSource, quotas, catalogue }: DicomwebOptions,
  request: Request,
  response: Response,
): Promise<Asked> {
  const path = objectPathOf(request);
  await catalogue.catchUp();
  const found = await findSeries(dataSource, viewerOf(response), path);
  const count = found.reduce((sum, { wanted }) => sum + wanted.size, 0);
  await charge(quotas, response, OBJECT_POINTS * count, `these ${count} DICOM objects`);
  return { path, found, count };
}

/** The one object of an address that names one. @throws UserError NOT_FOUND when it has gone meanwhile */
export async function askedObject(options: DicomwebOptions, { found }: Asked): Promise<GivenObject> {
  for await (const object of readObjects(options, found)) return object;
  throw new UserError('NOT_FOUND', 'There is no such DICOM object.');
}

/**
 * Leaves the row that every download leaves: before its first byte, so that nobody has anything without it. One of several instances is told by
 * its place in the image, since an erasure knows studies and series by their UIDs.
 */
export async function auditRetrieval(
  { dataSource }: DicomwebOptions,
  response: Response,
  { path, found, count }: Asked,
  what: string,
): Promise<void> {
  if (response.req.method === 'HEAD') return;
  const { studyUid, seriesUid, instanceUid } = path;
  const place = instanceUid === undefined ? {} : { place: found[0]!.source.instanceUids.indexOf(instanceUid) + 1 };
  const ids = found.map(({ id }) => id);
  await auditDownload(
    dataSource,
    { table: 'dicom_series', ids },
    {
      tokenId: viewerOf(response).tokenId,
      action: 'dicom.download',
      target: seriesUid === undefined ? studyUid : `${studyUid} ${seriesUid}`,
      detail: { what, instances: count, ...place },
    },
  );
}

/** WADO-RS (PS3.18, 10.4): the objects of a study, a series or an instance as DICOM files, one after the other. */
export function objectsHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const isOne = request.params['instance'] !== undefined;
    const form = formOf(acceptedTypes(request), isOne);
    const asked = await askedObjects(options, request, response);
    await auditRetrieval(options, response, asked, 'objects');
    response.set(headers());
    if (form.isSingle) {
      const { bytes } = await inSyntax(await askedObject(options, asked), form.transferSyntax);
      return void response.set('Content-Type', DICOM).end(request.method === 'HEAD' ? '' : bytes);
    }
    const root = rootOf(request);
    async function* parts() {
      for await (const object of readObjects(options, asked.found)) {
        const { bytes, transferSyntax } = await inSyntax(object, form.transferSyntax);
        const contentType = `${DICOM}; transfer-syntax=${transferSyntax}`;
        yield { contentType, location: addressOf(root, object), bytes };
      }
    }
    const { contentType, pieces } = multipartOf(DICOM, parts());
    response.set('Content-Type', contentType);
    await stream(request, response, pieces);
  };
}

/** Metadata (PS3.18, 10.4.1.1.2): headers as DICOM JSON, with the addresses of pixels and other bulk data. */
export function metadataHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const type = chooseJson(request);
    const asked = await askedObjects(options, request, response);
    await auditRetrieval(options, response, asked, 'metadata');
    const root = rootOf(request);
    async function* pieces() {
      let before = '[';
      for await (const object of readObjects(options, asked.found)) {
        const header = dicomJson(object.bytes, OBJECT, (tag) => `${addressOf(root, object)}/bulkdata/${tag}`);
        yield Buffer.from(before + JSON.stringify(header));
        before = ',';
      }
      yield Buffer.from(before === '[' ? '[]' : ']');
    }
    response.set(headers()).setHeader('Content-Type', type);
    await stream(request, response, pieces());
  };
}

/** What holds of every answer with data of a person. */
export function headers(): Record<string, string> {
  return { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
}

/** Sends an answer piece by piece. What is refused before its first piece is answered as any other refusal. */
export async function stream(
  { method }: Pick<Request, 'method'>,
  response: Response,
  pieces: AsyncGenerator<Uint8Array>,
): Promise<void> {
  // The head alone costs no reading.
  if (method === 'HEAD') return void response.end();
  const first = await pieces.next();
  async function* all() {
    if (!first.done) yield first.value;
    yield* pieces;
  }
  try {
    await pipeline(all, response);
  } catch (error) {
    // A fault breaks the connection, so that nobody takes half for whole.
    if (!hasHungUp(error)) throw error;
  }
}

/** How objects are sent: as one file or as parts, as they are stored or in one transfer syntax. */
interface ObjectForm {
  isSingle: boolean;
  transferSyntax: string;
}

const DICOM = 'application/dicom';

/** As it is stored. */
const STORED = '*';

/** @throws UserError NOT_ACCEPTABLE */
function formOf(accepted: readonly AcceptedType[], isOne: boolean): ObjectForm {
  for (const type of accepted) {
    const form = { isSingle: type.essence === DICOM, transferSyntax: type.transferSyntax ?? EXPLICIT };
    if (form.isSingle ? isOne : takesParts(type, DICOM)) return form;
  }
  const types = `multipart/related; type="${DICOM}"${isOne ? ` and ${DICOM}` : ''}`;
  throw notAcceptable(`There is ${types} here.`);
}

/**
 * An object in the transfer syntax that was asked for: the one that it has, or explicit little endian.
 *
 * @throws UserError NOT_ACCEPTABLE for any other
 */
async function inSyntax(
  { bytes }: GivenObject,
  wanted: string,
): Promise<{ bytes: Uint8Array; transferSyntax: string }> {
  const { transferSyntax } = parseDicom(bytes, OBJECT);
  if (wanted === STORED || wanted === transferSyntax) return { bytes, transferSyntax };
  if (wanted !== EXPLICIT) {
    throw notAcceptable(`The object is in the transfer syntax ${transferSyntax}; that and ${EXPLICIT} can be had.`);
  }
  return { bytes: await toExplicitLittleEndian(bytes, OBJECT), transferSyntax: EXPLICIT };
}
