import type { RequestHandler } from 'express';
import { UserError } from '../../domain/errors.js';
import { bulkValue } from '../../imaging/dicom/json-model.js';
import { frameSamples, storedFrame } from '../../imaging/dicom/one-frame.js';
import { codingOf, type ParsedDicom, parseDicom, readSamples } from '../../imaging/dicom/read.js';
import { renderFrame, type RenderingWish } from '../../imaging/dicom/rendered-frame.js';
import { EXPLICIT, type PixelCoding } from '../../imaging/dicom/transfer-syntaxes.js';
import { charge } from '../rate-limit.js';
import { type AcceptedType, acceptedTypes, chooseType, notAcceptable, takesParts } from './accept.js';
import { multipartOf } from './multipart.js';
import type { DicomwebOptions } from './options.js';
import { addressOf, rootOf } from './paths.js';
import { askedObject, askedObjects, auditRetrieval, headers, OBJECT, stream } from './retrieve.js';

/** Most frames of one request. */
const MOST_FRAMES = 1_000;

/** What each frame beyond the first takes from the quota: it may have to be unpacked. */
const FRAME_POINTS = 200;

const OCTETS = 'application/octet-stream';

/** Media types of frames as they are compressed (PS3.18, table 8.7.3-5). */
const MEDIA_TYPES: Readonly<Record<Exclude<PixelCoding, 'native'>, string>> = {
  jpeg: 'image/jpeg',
  'jpeg-lossless': 'image/jpeg',
  'jpeg-ls': 'image/jls',
  'jpeg-2000': 'image/jp2',
  htj2k: 'image/jphc',
  rle: 'image/dicom-rle',
};

/** Frames (PS3.18, 10.4.1.1.3) as samples without compression, or as they are compressed for who takes that. */
export function framesHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const accepted = acceptedTypes(request);
    const numbers = frameNumbersIn(request.params['frames']);
    const asked = await askedObjects(options, request, response);
    // The first is paid for with its object.
    await charge(options.quotas, response, FRAME_POINTS * (numbers.length - 1), `these ${numbers.length} frames`);
    const object = await askedObject(options, asked);
    const parsed = parseDicom(object.bytes, OBJECT);
    requireFrames(parsed, numbers);
    const form = frameFormOf(accepted, parsed, numbers.length === 1);
    await auditRetrieval(options, response, asked, `frames ${numbers.join(',')}`);
    const frame = async (number: number) =>
      (form.isStored ? storedFrame(parsed, number - 1, OBJECT) : null) ?? frameSamples(parsed, number - 1, OBJECT);
    response.set(headers());
    if (form.isSingle) {
      const bytes = await frame(numbers[0]!);
      return void response.set('Content-Type', form.type).end(bytes);
    }
    const root = `${addressOf(rootOf(request), object)}/frames`;
    const contentType = `${form.type}; transfer-syntax=${form.isStored ? parsed.attributes.transferSyntax : EXPLICIT}`;
    async function* parts() {
      for (const number of numbers) yield { contentType, location: `${root}/${number}`, bytes: await frame(number) };
    }
    const answer = multipartOf(form.type, parts());
    response.set('Content-Type', answer.contentType);
    await stream(request, response, answer.pieces);
  };
}

/** A picture of an instance, or of one of its frames, that any program shows (PS3.18, 10.4.1.1.4 and 8.3.5). */
export function renderedHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const mediaType = chooseType(acceptedTypes(request), ['image/jpeg', 'image/png']);
    const wish = wishIn(request.query);
    const given = request.params['frames'];
    const [number = 1, ...others] = given === undefined ? [1] : frameNumbersIn(given);
    if (others.length > 0) throw new UserError('BAD_USER_INPUT', 'One frame is rendered at a time.');
    const asked = await askedObjects(options, request, response);
    const { bytes } = await askedObject(options, asked);
    requireFrames(parseDicom(bytes, OBJECT), [number]);
    const picture = await renderFrame(bytes, OBJECT, number - 1, { ...wish, mediaType });
    await auditRetrieval(options, response, asked, `rendered ${number}`);
    response.set(headers()).set('Content-Type', mediaType).end(picture);
  };
}

/** The binary value of an element (PS3.18, 10.4.1.1.5), at the address that the metadata give. */
export function bulkDataHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const accepted = acceptedTypes(request);
    const form = accepted.find((type) => type.essence === OCTETS || takesParts(type, OCTETS));
    if (!form) throw notAcceptable(`There is ${OCTETS}, alone or in multipart/related, here.`);
    const tag = String(request.params['tag']).toUpperCase();
    const asked = await askedObjects(options, request, response);
    const object = await askedObject(options, asked);
    const bytes = /^[0-9A-F]{8}$/.test(tag) ? await valueOf(object.bytes, tag) : undefined;
    if (!bytes) throw new UserError('NOT_FOUND', 'The object has no such bulk data.');
    await auditRetrieval(options, response, asked, `bulk data ${tag}`);
    response.set(headers());
    if (form.essence === OCTETS) return void response.set('Content-Type', OCTETS).end(bytes);
    const location = `${addressOf(rootOf(request), object)}/bulkdata/${tag}`;
    async function* parts() {
      yield { contentType: OCTETS, location, bytes: bytes! };
    }
    const answer = multipartOf(OCTETS, parts());
    response.set('Content-Type', answer.contentType);
    await stream(request, response, answer.pieces);
  };
}

/** Pixels without compression, any other element as it is. */
async function valueOf(bytes: Uint8Array, tag: string): Promise<Uint8Array | undefined> {
  return tag === '7FE00010' ? readSamples(parseDicom(bytes, OBJECT), OBJECT) : bulkValue(bytes, OBJECT, tag);
}

/** Numbers of frames, from 1, separated by commas, each once. @throws UserError BAD_USER_INPUT */
function frameNumbersIn(given: unknown): number[] {
  const numbers = String(given).split(',');
  const isList = numbers.every((number) => /^[1-9]\d{0,5}$/.test(number)) && new Set(numbers).size === numbers.length;
  if (numbers.length > MOST_FRAMES || !isList) {
    throw new UserError(
      'BAD_USER_INPUT',
      `Frames are numbers from 1 on, each once, separated by commas, at most ${MOST_FRAMES} of them.`,
    );
  }
  return numbers.map(Number);
}

/** @throws UserError NOT_FOUND */
function requireFrames({ attributes }: ParsedDicom, numbers: readonly number[]): void {
  const { frames } = attributes;
  const beyond = numbers.find((number) => number > frames);
  if (beyond !== undefined) {
    throw new UserError('NOT_FOUND', `The object has no frame ${beyond}; it has ${frames}.`);
  }
}

interface FrameForm {
  type: string;
  isSingle: boolean;
  /** Compressed as it is stored. */
  isStored: boolean;
}

/** @throws UserError NOT_ACCEPTABLE */
function frameFormOf(accepted: readonly AcceptedType[], parsed: ParsedDicom, isOne: boolean): FrameForm {
  const coding = codingOf(parsed.attributes);
  const { transferSyntax } = parsed.attributes;
  const packed = coding === 'native' ? undefined : MEDIA_TYPES[coding];
  for (const type of accepted) {
    const { essence, transferSyntax: wanted } = type;
    const isOpen = wanted === null || wanted === '*';
    // Without compression is what everybody gets who does not name a compression.
    const isSingle = essence === OCTETS;
    if ((isOpen || wanted === EXPLICIT) && (isSingle ? isOne : takesParts(type, OCTETS))) {
      return { type: OCTETS, isSingle, isStored: false };
    }
    if (packed === undefined || !(isOpen || wanted === transferSyntax)) continue;
    if (essence === packed ? isOne : takesParts(type, packed)) {
      return { type: packed, isSingle: essence === packed, isStored: true };
    }
  }
  throw notAcceptable(`There is multipart/related; type="${OCTETS}"${packed ? ` and type="${packed}"` : ''} here.`);
}

/** How a picture is to look. @throws UserError BAD_USER_INPUT */
function wishIn(query: Record<string, unknown>): Pick<RenderingWish, 'window' | 'viewport' | 'quality'> {
  const { window, viewport, quality } = query;
  return {
    ...(window === undefined ? {} : { window: windowIn(window) }),
    ...(viewport === undefined ? {} : { viewport: viewportIn(viewport) }),
    ...(quality === undefined ? {} : { quality: wholeIn('quality', quality, 100) }),
  };
}

function windowIn(given: unknown): NonNullable<RenderingWish['window']> {
  const [center, width, form = 'linear', ...more] = String(given).split(',');
  const values = [center, width].map((text) => (text?.trim() ? Number(text) : NaN));
  if (more.length > 0 || !values.every(Number.isFinite) || values[1]! < 1 || form.toLowerCase() !== 'linear') {
    throw new UserError('BAD_USER_INPUT', 'window must be "center,width,linear", with a width of at least 1.');
  }
  return { center: values[0]!, width: values[1]! };
}

/** Largest side of a picture, pixels. */
const MOST_PIXELS = 4_096;

function viewportIn(given: unknown): NonNullable<RenderingWish['viewport']> {
  const [width, height, ...more] = String(given).split(',');
  if (more.length > 0)
    throw new UserError('BAD_USER_INPUT', 'viewport must be "width,height"; parts of an image are not cut out.');
  return { width: wholeIn('viewport', width, MOST_PIXELS), height: wholeIn('viewport', height, MOST_PIXELS) };
}

function wholeIn(name: string, given: unknown, most: number): number {
  const value = /^\d{1,5}$/.test(String(given)) ? Number(given) : 0;
  if (value >= 1 && value <= most) return value;
  throw new UserError('BAD_USER_INPUT', `${name} takes whole numbers from 1 to ${most}.`);
}
