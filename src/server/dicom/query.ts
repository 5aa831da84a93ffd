import { isIP } from 'node:net';
import dimse from 'dcmjs-dimse';
import type { requests, responses } from 'dcmjs-dimse';
import { UserError } from '../../domain/errors.js';
import { requireAeTitle } from './callers.js';

const { Status } = dimse.constants;

/** A PACS that is asked. */
export interface Pacs {
  aeTitle: string;
  host: string;
  port: number;
}

/**
 * A PACS as it is written: `PACS1@10.0.0.5:104`.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parsePacs(text: string): Pacs {
  const [, aeTitle, host, port] = /^(.+)@(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text) ?? [];
  if (aeTitle === undefined || host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${JSON.stringify(text)} is no PACS: write its AE title, host and port, as PACS1@10.0.0.5:104.`,
    );
  }
  requireAeTitle(aeTitle);
  const bare = host.replace(/^\[|\]$/g, '');
  return { aeTitle, host: isIP(bare) ? bare : host, port: Number(port) };
}

export const FIND_LEVELS = ['study', 'series'] as const;
export type FindLevel = (typeof FIND_LEVELS)[number];

/** How a PACS is asked. */
interface Asking {
  /** By which we call. */
  aeTitle: string;
  /** How long the other side may be silent, ms. */
  patienceMs: number;
}

/**
 * Searches a PACS (C-FIND, Study Root).
 *
 * @param keys what to match, by keyword; an empty one is only answered with
 * @returns the matches, by keyword
 * @throws UserError UNAVAILABLE where the PACS cannot be reached, refuses or fails
 */
export async function findOnPacs(
  pacs: Pacs,
  asking: Asking,
  level: FindLevel,
  keys: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>[]> {
  const { CFindRequest } = dimse.requests;
  const request =
    level === 'study' ? CFindRequest.createStudyFindRequest(keys) : CFindRequest.createSeriesFindRequest(keys);
  const found: Record<string, unknown>[] = [];
  await exchange(pacs, asking, request, (response) => {
    const elements = response.getDataset()?.getElements();
    if (isPending(response.getStatus()) && elements) found.push(elements);
  });
  return found;
}

/** What became of the objects that a PACS was asked to send. */
export interface Moved {
  completed: number;
  failed: number;
  warned: number;
}

/**
 * Has a PACS send a study or a series to an AE that it knows (C-MOVE, Study Root).
 *
 * @param destination the AE title of a listener
 * @param onProgress told how many are sent, and how many are left
 * @throws UserError UNAVAILABLE where the PACS cannot be reached, refuses or fails
 */
export async function moveFromPacs(
  pacs: Pacs,
  asking: Asking,
  { studyUid, seriesUid, destination }: { studyUid: string; seriesUid?: string | undefined; destination: string },
  onProgress: (completed: number, remaining: number) => void,
): Promise<Moved> {
  const { CMoveRequest } = dimse.requests;
  const request =
    seriesUid === undefined
      ? CMoveRequest.createStudyMoveRequest(destination, studyUid)
      : CMoveRequest.createSeriesMoveRequest(destination, studyUid, seriesUid);
  const moved: Moved = { completed: 0, failed: 0, warned: 0 };
  await exchange(
    pacs,
    asking,
    request,
    (response) => {
      const counted = response as responses.CMoveResponse;
      moved.completed = counted.getCompleted() ?? moved.completed;
      moved.failed = counted.getFailures() ?? moved.failed;
      moved.warned = counted.getWarnings() ?? moved.warned;
      if (isPending(response.getStatus())) onProgress(moved.completed, counted.getRemaining() ?? 0);
    },
    SOME_FAILED,
  );
  return moved;
}

/** Sub-operations complete, one or more failures or warnings (PS3.4, C.4.2.1.5). */
const SOME_FAILED = 0xb000;

/** Pending, also where an optional key is not supported. */
function isPending(status: number): boolean {
  return status === Status.Pending || status === 0xff01;
}

/** Sends one request over an association of its own, until its last response. */
async function exchange(
  { aeTitle: called, host, port }: Pacs,
  { aeTitle, patienceMs }: Asking,
  request: requests.Request,
  onResponse: (response: responses.Response) => void,
  accepted?: number,
): Promise<void> {
  // The library's own log would name patients.
  dimse.log.disableAll();
  const over = Promise.withResolvers<void>();
  const fail = (why: string, cause?: unknown) =>
    over.reject(new UserError('UNAVAILABLE', `${called} at ${host}:${port} ${why}.`, { cause }));
  const client = new dimse.Client();
  let last: number | undefined;
  request.on('response', (response: responses.Response) => {
    const status = response.getStatus();
    if (!isPending(status)) last = status;
    onResponse(response);
  });
  client.addRequest(request);
  client.on('associationRejected', ({ reason }: { reason: number }) =>
    fail(`refuses the association (${reasonInWords(reason)})`),
  );
  client.on('networkError', (error: Error) => fail('cannot be reached or has broken off', error));
  client.on('closed', () => {
    if (last === Status.Success || (accepted !== undefined && last === accepted)) over.resolve();
    else if (last === undefined) fail('does not take the request');
    else fail(`answers with status ${last.toString(16).toUpperCase().padStart(4, '0')}H${statusInWords(last)}`);
  });
  client.send(host, port, aeTitle, called, {
    connectTimeout: patienceMs,
    associationTimeout: patienceMs,
    pduTimeout: patienceMs,
  });
  await over.promise;
}

function reasonInWords(reason: number): string {
  const { CallingAeNotRecognized, CalledAeNotRecognized } = dimse.constants.RejectReason;
  if (reason === CallingAeNotRecognized) return 'it does not know our AE title';
  return reason === CalledAeNotRecognized ? 'it has another AE title' : `reason ${reason}`;
}

function statusInWords(status: number): string {
  if (status === Status.MoveDestinationUnknown) return ': it does not know the AE title that it is to send to';
  return status === 0xa702 ? ': it could not send' : '';
}
