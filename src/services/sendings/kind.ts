import type { DataSource } from 'typeorm';
import type { DicomSendingState } from '../../domain/dicom-sendings.js';
import { UserError } from '../../domain/errors.js';
import { type DicomPeer, DicomSending } from '../../entities/index.js';
import { type EncodedDataSet, encodedDataSet } from '../../imaging/dicom/data-set.js';
import { toExplicitLittleEndian } from '../../imaging/dicom/transcode.js';
import type { BlobStore } from '../../storage/index.js';
import { type Completion, DamagedData, type RunContext, type StateChange, type WorkKind } from '../../work/index.js';
import { type ObjectSource, objectsOf, readFiles } from '../dicom-objects/index.js';

/** What a sending's log says. */
export type DicomSendingEventBody = { type: 'STATE_CHANGED'; payload: StateChange<DicomSendingState> };

/** Brings objects to a peer, in their order. */
export type Courier = (
  peer: DicomPeer,
  objects: readonly EncodedDataSet[],
  hooks: { onStored(warned: boolean): void; signal: AbortSignal },
) => Promise<void>;

export interface SendingResources {
  store: BlobStore;
  /** @throws UserError UNAVAILABLE for a peer that is away, CONFLICT for one that refuses */
  courier: Courier;
  /** Peers that this process has found away, until when and why: it asks each anew once in a while, however much waits for it. */
  away: Map<number, { until: number; reason: string }>;
}

/** How long a peer that was away is taken to be, ms. */
const AWAY_MS = 5_000;

/** Objects that go over one association, and what they have together at most, bytes: they are in memory meanwhile. */
const TOGETHER = { objects: 100, bytes: 32 * 1024 * 1024 } as const;

/** Images on their way to a peer. One that is interrupted goes on behind what the peer has answered for; what it was sent once more it knows by its UID. */
export const DICOM_SENDING: WorkKind<DicomSending, DicomSendingEventBody, SendingResources> = {
  name: 'sending',
  table: 'dicom_sending',
  entity: DicomSending,
  holder: 'server',
  // The way out of FAILED and CANCELED is an explicit retry.
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELED', 'QUEUED'],
    SUCCEEDED: [],
    FAILED: ['QUEUED'],
    CANCELED: ['QUEUED'],
  },
  final: ['SUCCEEDED', 'FAILED', 'CANCELED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  cancels: 'AT_ONCE',
  waitsApart: true,
  relations: { peer: true },
  async ready({ peerId }, { away, store }) {
    // Whether it answers.
    await store.readMark();
    const known = away.get(peerId);
    if (known && performance.now() < known.until) throw new UserError('UNAVAILABLE', known.reason);
  },
  run: send,
};

async function send({
  row,
  lease,
  dataSource,
  resources: { store, courier, away },
}: RunContext<DicomSending, DicomSendingEventBody, SendingResources>): Promise<
  Completion<DicomSending, DicomSendingEventBody>
> {
  const image = await objectsOf(dataSource, row.seriesId);
  if (!image?.source) throw new UserError('FILE_REFUSED', 'The generation has made no DICOM objects to send.');
  // What was made goes on where it was broken off, unless it says other things by now; an original may have been redacted since.
  const revision = image.source.made?.revision ?? null;
  let [sent, warned] = revision !== null && revision === row.revision ? [row.sent, row.warned] : [0, 0];
  const shown = () => ({ sent, warned });
  lease.report(shown);
  await lease.write({ set: { ...shown(), revision, total: image.count } });
  const { signal } = lease;
  const onStored = (withWarning: boolean) => {
    sent++;
    if (withWarning) warned++;
  };
  try {
    for await (const objects of inPieces({ dataSource, store }, image.source, sent, signal)) {
      await courier(row.peer, objects, { onStored, signal }).catch((error: unknown) => {
        const isAway = error instanceof UserError && error.code === 'UNAVAILABLE';
        if (isAway) away.set(row.peerId, { until: performance.now() + AWAY_MS, reason: error.message });
        throw error;
      });
      away.delete(row.peerId);
      await lease.write({ set: shown() });
    }
  } catch (error) {
    // Objects that the peer has answered for are not sent again.
    if (!signal.aborted) await lease.write({ set: shown() });
    throw error;
  }
  return { finish: () => Promise.resolve({ set: { ...shown(), total: sent } }) };
}

/** Objects behind the first ones, as many at a time as go over one association. */
async function* inPieces(
  storage: { dataSource: DataSource; store: BlobStore },
  source: ObjectSource,
  first: number,
  signal: AbortSignal,
): AsyncGenerator<EncodedDataSet[]> {
  let [piece, bytes]: [EncodedDataSet[], number] = [[], 0];
  for await (const file of readFiles(storage, source)) {
    signal.throwIfAborted();
    if (file.place < first) continue;
    // What a scanner compressed need not be what the peer reads.
    const plain = encodedDataSet(await toExplicitLittleEndian(file.bytes, 'The stored object'));
    if (!plain) throw new DamagedData('A stored DICOM object does not say what it is.');
    piece.push(plain);
    bytes += plain.bytes.length;
    if (piece.length < TOGETHER.objects && bytes < TOGETHER.bytes) continue;
    yield piece;
    [piece, bytes] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}
