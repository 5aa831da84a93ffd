import dimse from 'dcmjs-dimse';
import type { requests, responses } from 'dcmjs-dimse';
import { associate, type Calling, statusCode, unavailable } from './association.js';
import type { Pacs } from './pacs.js';

const { Status } = dimse.constants;

export const FIND_LEVELS = ['study', 'series'] as const;
export type FindLevel = (typeof FIND_LEVELS)[number];

/**
 * Searches a PACS (C-FIND, Study Root).
 *
 * @param keys what to match, by keyword; an empty one is only answered with
 * @returns the matches, by keyword
 * @throws UserError UNAVAILABLE where the PACS cannot be reached, refuses or fails
 */
export async function findOnPacs(
  pacs: Pacs,
  calling: Calling,
  level: FindLevel,
  keys: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>[]> {
  const { CFindRequest } = dimse.requests;
  const request =
    level === 'study' ? CFindRequest.createStudyFindRequest(keys) : CFindRequest.createSeriesFindRequest(keys);
  const found: Record<string, unknown>[] = [];
  await exchange(pacs, calling, request, (response) => {
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
  calling: Calling,
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
    calling,
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
  pacs: Pacs,
  calling: Calling,
  request: requests.Request,
  onResponse: (response: responses.Response) => void,
  accepted?: number,
): Promise<void> {
  let last: number | undefined;
  request.on('response', (response: responses.Response) => {
    const status = response.getStatus();
    if (!isPending(status)) last = status;
    onResponse(response);
  });
  await associate(pacs, calling, {
    requests: [request],
    closed() {
      if (last === Status.Success || (accepted !== undefined && last === accepted)) return;
      if (last === undefined) throw unavailable(pacs, 'does not take the request');
      throw unavailable(pacs, `answers with status ${statusCode(last)}${statusInWords(last)}`);
    },
  }).over;
}

function statusInWords(status: number): string {
  if (status === Status.MoveDestinationUnknown) return ': it does not know the AE title that it is to send to';
  return status === 0xa702 ? ': it could not send' : '';
}
