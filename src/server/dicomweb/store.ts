import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIMEType } from 'node:util';
import type { Request, RequestHandler } from 'express';
import { UserError } from '../../domain/errors.js';
import { MAX_UPLOAD_BYTES } from '../../domain/uploads.js';
import type { JsonDataSet } from '../../imaging/dicom/json-model.js';
import { requireRole } from '../../policy/index.js';
import { type Stated, statedIn } from '../../services/arrivals/index.js';
import {
  isSlice,
  type ObjectStore,
  openObjectStore,
  type ReadFilm,
  type StoredObject,
} from '../../services/dicomweb/index.js';
import { viewerOf } from '../authenticate.js';
import { charge } from '../rate-limit.js';
import { receiveFile, UPLOAD_POINTS } from '../upload-body.js';
import { chooseJson } from './accept.js';
import { type ReceivedPart, receivedParts } from './multipart.js';
import type { DicomwebOptions } from './options.js';
import { addressOf, pathOf, rootOf } from './paths.js';

/** Objects of one request; whoever has more sends them in several. */
const MOST_OBJECTS = 1_000;

const DICOM = 'application/dicom';

/** What an object of a series takes from the quota: a slice is some hundredth of a film. */
export const SLICE_POINTS = 5_000;

/**
 * STOW-RS (PS3.18, 10.5): takes in films each by itself, and series once the whole request has come. A request that is cut short leaves the
 * films that came before; the answer says of each object what became of it.
 */
export function storeHandler(options: DicomwebOptions): RequestHandler {
  return async (request, response) => {
    const viewer = viewerOf(response);
    requireRole(viewer, 'OPERATOR', 'Storing');
    const type = chooseJson(request);
    const { studyUid } = pathOf(request);
    const stated = statedOf(request);
    const parts = partsOf(request);
    const { store, quotas, reader } = options;
    await store.requireRoom(Math.min(Number(request.headers['content-length'] ?? 0), MAX_UPLOAD_BYTES));
    const outcomes: StoredObject[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'osteograph-store-'));
    try {
      const objects = openObjectStore(options, viewer, { stated, studyUid, folder });
      // One place for the whole request: its objects come one after the other.
      await reader.admit(async (read) => {
        try {
          await takeIn(objects, read);
        } catch (error) {
          await objects.abandon();
          throw error;
        }
        await objects.finish();
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    if (outcomes.length === 0) throw new UserError('BAD_USER_INPUT', 'The request holds no DICOM object.');
    const failures = outcomes.flatMap(({ failure }) => failure ?? []);
    const status = failures.length === 0 ? 200 : failures.length < outcomes.length ? 202 : 409;
    response.set('Cache-Control', 'no-store').setHeader('Content-Type', type);
    if (failures.length > 0) response.set('Warning', warningsOf(failures));
    response.status(status).end(JSON.stringify(answerOf(rootOf(request), outcomes)));

    async function takeIn(objects: ObjectStore, read: ReadFilm): Promise<void> {
      for await (const { contentType, bytes } of parts) {
        if (outcomes.length === MOST_OBJECTS) {
          outcomes.push(refused(OUT_OF_RESOURCES, TOO_MANY));
          return;
        }
        try {
          const points = bytes && isSlice(bytes) ? SLICE_POINTS : UPLOAD_POINTS;
          await charge(quotas, response, points, 'this object');
        } catch (error) {
          // Nothing of the request was stored: it can be sent again as a whole.
          if (!(error instanceof UserError) || outcomes.length === 0) throw error;
          outcomes.push(refused(OUT_OF_RESOURCES, error.message));
          return;
        }
        if (contentType !== null && contentType !== DICOM)
          outcomes.push(refused(NOT_UNDERSTOOD, `A part is ${DICOM}.`));
        else if (bytes === null) outcomes.push(refused(OUT_OF_RESOURCES, TOO_LARGE));
        else outcomes.push(await objects.store(bytes, read));
      }
    }
  };
}

/** Whose the objects are, as the address says for all of them: `?participant=9000001&visit=V00&side=RIGHT`; @throws UserError BAD_USER_INPUT */
function statedOf({ query }: Request): Stated {
  const unknown = Object.keys(query).find((name) => !STATED.includes(name));
  if (unknown !== undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `There is no parameter ${JSON.stringify(unknown.slice(0, 50))}; accepted: ${STATED.join(', ')}.`,
    );
  }
  const [participant, visit, side] = STATED.map((name) => {
    const value = query[name];
    if (value === undefined || typeof value === 'string') return value;
    throw new UserError('BAD_USER_INPUT', `${name} is given twice.`);
  });
  return statedIn({ participant, visit, side });
}

const STATED = ['participant', 'visit', 'side'];

const [OUT_OF_RESOURCES, NOT_UNDERSTOOD] = [0xa700, 0xc000];

const TOO_MANY = `A request has at most ${MOST_OBJECTS} objects; those behind them were not stored, send them in another one.`;

const TOO_LARGE = `The object has more than ${MAX_UPLOAD_BYTES} bytes, the most a radiograph may have.`;

function refused(code: number, message: string): StoredObject {
  return { sent: { sopClassUid: null, sopInstanceUid: null }, kept: null, failure: { code, message } };
}

/** @throws UserError UNSUPPORTED_MEDIA_TYPE */
function partsOf(request: Request): AsyncGenerator<ReceivedPart> {
  const { 'content-type': given = '', 'content-encoding': coding = 'identity' } = request.headers;
  if (coding !== 'identity') {
    throw new UserError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The Content-Encoding is not understood; send the objects as they are.',
    );
  }
  const type = parsed(given);
  if (type?.essence === DICOM) return onePart(request);
  const boundary = type?.params.get('boundary');
  const ofParts = type?.params.get('type')?.toLowerCase() ?? DICOM;
  if (type?.essence !== 'multipart/related' || ofParts !== DICOM || !boundary || boundary.length > 70) {
    throw new UserError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Send DICOM files as multipart/related; type="${DICOM}" with a boundary, or one as ${DICOM}.`,
    );
  }
  return receivedParts(request, boundary);
}

function parsed(contentType: string): MIMEType | undefined {
  try {
    return new MIMEType(contentType);
  } catch {
    return undefined;
  }
}

/** A body that is one object. */
async function* onePart(request: Request): AsyncGenerator<ReceivedPart> {
  yield {
    contentType: DICOM,
    bytes: await receiveFile(request, 'a radiograph').catch((error: unknown) => {
      if (error instanceof UserError && error.code === 'PAYLOAD_TOO_LARGE') return null;
      throw error;
    }),
  };
}

/** Most sentences in one header. */
const MOST_WARNINGS = 10;

/** Why objects were refused, in words: the data set of the answer has room for codes alone. */
function warningsOf(failures: readonly { message: string }[]): string {
  const sentences = [...new Set(failures.map(({ message }) => message))].slice(0, MOST_WARNINGS);
  return sentences.map((text) => `299 osteograph "${text.replace(/[^\x20-\x7e]|["\\]/g, "'")}"`).join(', ');
}

/** Coercion of Data Elements: what is kept has other UIDs than what was sent. */
const COERCED = 0xb000;

/** The Store Instances Response Module (PS3.18, I.2). */
function answerOf(root: string, outcomes: readonly StoredObject[]): JsonDataSet {
  const text = (vr: string, value: string | null) => (value === null ? { vr } : { vr, Value: [value] });
  const failed = outcomes.flatMap(({ sent, failure }) =>
    failure
      ? [
          {
            '00081150': text('UI', sent.sopClassUid),
            '00081155': text('UI', sent.sopInstanceUid),
            '00081197': { vr: 'US', Value: [failure.code] },
          },
        ]
      : [],
  );
  const stored = outcomes.flatMap(({ sent, kept }) =>
    kept
      ? [
          {
            '00081150': text('UI', kept.sopClassUid),
            '00081155': text('UI', kept.sopInstanceUid),
            '00081190': text('UR', addressOf(root, { ...kept, instanceUid: kept.sopInstanceUid })),
            '00081196': { vr: 'US', Value: [COERCED] },
            '04000561': {
              vr: 'SQ',
              Value: [
                {
                  '04000550': { vr: 'SQ', Value: [{ '00080018': text('UI', sent.sopInstanceUid) }] },
                  '04000565': text('CS', 'COERCE'),
                },
              ],
            },
          },
        ]
      : [],
  );
  return {
    ...(failed.length > 0 ? { '00081198': { vr: 'SQ', Value: failed } } : {}),
    ...(stored.length > 0 ? { '00081199': { vr: 'SQ', Value: stored } } : {}),
  };
}
