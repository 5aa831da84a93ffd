import { EventEmitter, on } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dimse from 'dcmjs-dimse';
import type { responses } from 'dcmjs-dimse';
import type { DataSource } from 'typeorm';
import { Participant, Visit } from '../../src/entities/index.js';
import { openQueue } from '../../src/scheduling/index.js';
import { openIntake, parseCaller, startListener } from '../../src/server/dicom/index.js';
import { createLogger } from '../../src/server/logging.js';
import type { StatedOf } from '../../src/services/arrivals/index.js';
import { type BlobStore, openBlobStore } from '../../src/storage/index.js';
import { createTestDatabase } from './database.js';

/** A listener on a database of its own, which knows participant 9000001 at V00. */
export interface TestListener {
  dataSource: DataSource;
  store: BlobStore;
  url: string;
  port: number;
  /** Where objects lie until they are taken in. */
  folder: string;
  /** Blobs, and whatever else a test writes. */
  dataDir: string;
  log: Record<string, unknown>[];
  /** What became of objects, in order. */
  outcomes: string[];
  /** Resolves once that many objects have come to this end. */
  until(outcome: string, count: number): Promise<void>;
  close(): Promise<void>;
}

interface ListenerChoices {
  allow?: string[];
  patients?: StatedOf;
  quietMs?: number;
  maxPdu?: number;
  maxAssociations?: number;
  idleMs?: number;
  associationMs?: number;
}

export const AE_TITLE = 'OSTEOGRAPH';

export async function startTestListener({
  allow = ['SCU@127.0.0.1'],
  patients = () => ({ visitOtherwise: 'V00' }),
  quietMs = 200,
  maxPdu = 16_384,
  maxAssociations = 4,
  idleMs = 60_000,
  associationMs = 600_000,
}: ListenerChoices = {}): Promise<TestListener> {
  const database = await createTestDatabase();
  const { dataSource, url } = database;
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-dicom-'));
  await knowParticipant(dataSource, '9000001');
  const [outcomes, log, told] = [[] as string[], [] as Record<string, unknown>[], new EventEmitter()];
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger('dicom', 'debug', sink);
  const store = openBlobStore(dataDir);
  const folder = join(dataDir, 'arrivals');
  const queue = await openQueue({ databaseUrl: url, logger });
  const intake = await openIntake({
    ...{ dataSource, store, queue, folder, quietMs, logger },
    patients: async () => patients,
    onOutcome(outcome) {
      outcomes.push(outcome);
      told.emit('outcome');
    },
  });
  const listener = await startListener({
    ...{ host: '127.0.0.1', port: 0, aeTitle: AE_TITLE, callers: allow.map(parseCaller), intake, logger },
    ...{ maxPdu, maxAssociations, idleMs, associationMs, onAssociations: () => undefined },
  });
  return {
    ...{ dataSource, store, url, port: listener.port, folder, dataDir, log, outcomes },
    async until(outcome, count) {
      const reached = () => outcomes.filter((one) => one === outcome).length >= count;
      if (reached()) return;
      for await (const _ of on(told, 'outcome')) if (reached()) return;
    },
    async close() {
      await listener.close(0);
      await intake.close();
      await queue.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Makes a participant with a visit V00. */
export async function knowParticipant(dataSource: DataSource, oaiId: string): Promise<void> {
  const { manager } = dataSource;
  const { id } = await manager.save(manager.create(Participant, { oaiId }));
  await manager.save(manager.create(Visit, { participantId: id, code: 'V00', month: 0 }));
}

/** What the other side answered. */
export interface Reply {
  status: number;
  comment: string | undefined;
}

/** How an association ended that was asked for. */
export interface Association {
  replies: Reply[];
  /** The reason of a refusal. */
  rejected: number | undefined;
}

/** Sends files by C-STORE, or one C-ECHO where there are none, with the library's own SCU. */
export function sendDicom(
  port: number,
  files: readonly string[],
  { calling = 'SCU', called = AE_TITLE } = {},
): Promise<Association> {
  const client = new dimse.Client();
  const association: Association = { replies: [], rejected: undefined };
  const { CEchoRequest, CStoreRequest } = dimse.requests;
  const requests = files.length === 0 ? [new CEchoRequest()] : files.map((file) => new CStoreRequest(file));
  for (const request of requests) {
    request.on('response', (response: responses.Response) =>
      association.replies.push({ status: response.getStatus(), comment: response.getErrorComment() }),
    );
    client.addRequest(request);
  }
  return new Promise((resolve) => {
    client.on('associationRejected', ({ reason }: { reason: number }) => (association.rejected = reason));
    client.on('networkError', () => undefined);
    client.on('closed', () => resolve(association));
    client.send('127.0.0.1', port, calling, called);
  });
}
