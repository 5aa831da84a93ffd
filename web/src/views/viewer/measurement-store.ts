import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Client, CombinedError, OperationResult } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { codeOf, sentence } from '../../lib/client.ts';
import type { ResultOf } from '../../lib/graphql.ts';
import type { Measurement } from './measure.ts';
import { type Draft, Drafts, type Said, saidBy } from './measurement-drafts.ts';
import {
  DELETE_MEASUREMENT,
  type Kept,
  keptOf,
  MEASUREMENTS_OF,
  SAVE_MEASUREMENT,
  savedAs,
  UPDATE_MEASUREMENT,
} from './measurement-queries.ts';

/** A measurement as it is shown: as the server has it, or as it will have it. */
export interface ShownMeasurement extends Measurement {
  /** Whether whoever is here may change and delete it. */
  canChange: boolean;
  /** What the server knows of it; absent before it has it. */
  kept?: Kept | undefined;
  /** Whether the server does not have it, or not all of it, yet. */
  pending: boolean;
  /** Why the server does not take it. */
  fault?: string | undefined;
}

/** After which pause in a change the server is told, ms. */
const SETTLES = 500;

/** Faults that pass: the change stays, and is sent again. */
const PASSING = new Set(['NETWORK', 'UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR', 'UNAUTHENTICATED']);

/**
 * Measurements by image. The server keeps them; what it does not have yet, because it is away or has just been drawn, waits in this browser, so
 * that nothing is lost with the page.
 */
export class MeasurementStore {
  /** Why the server could not be asked, or told. */
  away: string | undefined;
  readonly #client: Client;
  readonly #outbox: Drafts;
  readonly #kept = new Map<string, readonly Kept[]>();
  readonly #drafts = new Map<string, readonly Draft[]>();
  readonly #faults = new Map<string, string>();
  /** Images that could not be asked for. */
  readonly #unknown = new Set<string>();
  /** Images that were asked for. */
  readonly #wanted = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;

  /** @param viewer node id of whoever measures, as whom the client asks */
  constructor(client: Client, viewer: string) {
    this.#client = client;
    this.#outbox = new Drafts(viewer);
  }

  readonly version = (): number => this.#version;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Follows other tabs and the network; gives what ends that. What waits is sent at once, and at the end. */
  readonly start = (): (() => void) => {
    const again = () => this.retry();
    this.#outbox.adopt();
    // They may have been read before.
    this.#drafts.clear();
    const endTabs = this.#outbox.onOtherTab(() => {
      this.#drafts.clear();
      this.#changed();
      for (const imageId of this.#wanted) void this.#load(imageId);
    });
    addEventListener('online', again);
    void this.show(this.#outbox.images()).then(() => this.#sendAll());
    return () => {
      endTabs();
      removeEventListener('online', again);
      clearTimeout(this.#timer);
      void this.#sendAll();
    };
  };

  /** What is measured on an image, in the order in which it was. */
  of(imageId: string): readonly ShownMeasurement[] {
    const all = this.#draftsOf(imageId);
    const kept = this.#kept.get(imageId) ?? [];
    const gone = all.filter(({ id, deleted }) => deleted && !this.#faults.has(id));
    const drafts = all.filter((draft) => !gone.includes(draft));
    return [
      ...kept
        .filter(({ id }) => !gone.some((draft) => draft.id === id))
        .map((one): ShownMeasurement => {
          const draft = drafts.find(({ id }) => id === one.id);
          return draft ? this.#shown(draft, one) : { ...one, kept: one, pending: false };
        }),
      ...drafts.filter((draft) => !kept.some(({ id }) => id === draft.id)).map((draft) => this.#shown(draft)),
    ];
  }

  /** Changes of the images shown and of all others that the server does not have yet. */
  get waiting(): number {
    return this.#outbox.images().reduce((sum, imageId) => sum + this.#draftsOf(imageId).length, 0);
  }

  /** Adds a measurement, or changes one. */
  put(imageId: string, measurement: Measurement): void {
    this.#change(imageId, measurement, false);
  }

  delete(imageId: string, measurement: Measurement): void {
    this.#change(imageId, measurement, true);
  }

  /** Asks for images that could not be asked for, and sends what waits. */
  retry(): void {
    this.#faults.clear();
    this.away = undefined;
    this.#changed();
    void Promise.all([...this.#unknown].map((imageId) => this.#load(imageId))).then(() => this.#sendAll());
  }

  /** Asks what was measured on images, once. */
  async show(imageIds: readonly string[]): Promise<void> {
    const fresh = imageIds.filter((imageId) => !this.#wanted.has(imageId));
    for (const imageId of fresh) this.#wanted.add(imageId);
    await Promise.all(fresh.map((imageId) => this.#load(imageId)));
  }

  async #load(imageId: string): Promise<void> {
    const before = this.#kept.get(imageId);
    this.#unknown.delete(imageId);
    const found: Kept[] = [];
    for (let after: string | null = null; ;) {
      const answer: OperationResult<ResultOf<typeof MEASUREMENTS_OF>> = await this.#client
        .query(MEASUREMENTS_OF, { id: imageId, after }, { requestPolicy: 'network-only' })
        .toPromise();
      if (answer.error) {
        this.#unknown.add(imageId);
        return this.#isAway(answer.error);
      }
      const node = answer.data?.node;
      if (!node || !('measurements' in node)) break;
      const { nodes, pageInfo } = node.measurements;
      // An upload tells of what was made from it, too.
      found.push(...nodes.filter((told) => told.imageId === imageId).map(keptOf));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    // What was saved or deleted meanwhile may be missing here, or not.
    if (this.#kept.get(imageId) !== before) return this.#load(imageId);
    this.#kept.set(imageId, found);
    this.#changed();
  }

  #draftsOf(imageId: string): readonly Draft[] {
    const known = this.#drafts.get(imageId) ?? this.#outbox.of(imageId);
    this.#drafts.set(imageId, known);
    return known;
  }

  #shown(draft: Draft, kept?: Kept): ShownMeasurement {
    return { ...draft, canChange: true, kept, pending: true, fault: this.#faults.get(draft.id) };
  }

  #change(imageId: string, measurement: Measurement, deleted: boolean): void {
    const { id, kind, name, note, plane, slice, points, value, unit } = measurement;
    const before = this.#draftsOf(imageId).find((draft) => draft.id === id);
    const saved = before?.saved ?? this.#kept.get(imageId)?.find((one) => one.id === id)?.saved;
    this.#faults.delete(id);
    this.#setDraft(imageId, id, {
      ...{ id, kind, name, note, plane, slice, points, value, unit },
      ...(saved !== undefined && { saved }),
      ...(before?.sent && { sent: before.sent }),
      ...(deleted && { deleted }),
    });
    this.#sendSoon(deleted ? 0 : SETTLES);
  }

  #setDraft(imageId: string, id: string, draft: Draft | undefined): void {
    // As it is kept: another tab may have drawn, too, and its word of that not be here yet.
    const before = this.#outbox.of(imageId);
    const known = before.some((one) => one.id === id);
    const after = draft
      ? known
        ? before.map((one) => (one.id === id ? draft : one))
        : [...before, draft]
      : before.filter((one) => one.id !== id);
    this.#drafts.set(imageId, after);
    this.#outbox.keep(imageId, after);
    this.#changed();
  }

  #setKept(imageId: string, kept: Kept): void {
    const before = this.#kept.get(imageId) ?? [];
    const at = before.findIndex(({ id }) => id === kept.id);
    this.#kept.set(imageId, at < 0 ? [...before, kept] : before.with(at, kept));
  }

  #sendSoon(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#sendAll(), pause);
  }

  /** One after the other: a change waits for the answer to what it changes. */
  async #sendAll(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const error = await this.#send(next.imageId, next.draft);
        if (!error) {
          this.away = undefined;
          continue;
        }
        if (PASSING.has(codeOf(error))) return this.#isAway(error);
        this.#refused(next.imageId, next.draft, sentence(error));
      }
    } finally {
      this.#sending = false;
    }
  }

  #next(): { imageId: string; draft: Draft } | undefined {
    for (const imageId of this.#outbox.images()) {
      // Of a change only what differs from the server's is told, so that has to be known.
      const draft = this.#draftsOf(imageId).find(
        ({ id, saved }) => !this.#faults.has(id) && (saved === undefined || this.#kept.has(imageId)),
      );
      if (draft) return { imageId, draft };
    }
    return undefined;
  }

  /** Tells the server of a draft, or of the first part of it. @returns why it did not work */
  async #send(imageId: string, draft: Draft): Promise<CombinedError | undefined> {
    const { id } = draft;
    const kept = this.#kept.get(imageId)?.find((one) => one.id === id);
    const saved = draft.saved ?? kept?.saved;
    if (draft.deleted && saved) {
      const { error } = await this.#client.mutation(DELETE_MEASUREMENT, { input: { id: saved } }).toPromise();
      // It is gone, whoever deleted it.
      if (error && codeOf(error) !== 'NOT_FOUND') return error;
      this.#kept.set(
        imageId,
        (this.#kept.get(imageId) ?? []).filter((one) => one.id !== id),
      );
      this.#setDraft(imageId, id, undefined);
      return undefined;
    }
    if (draft.deleted && !draft.sent) {
      this.#setDraft(imageId, id, undefined);
      return undefined;
    }
    if (kept && isSame(saidBy(draft), saidBy(kept))) {
      this.#setDraft(imageId, id, undefined);
      return undefined;
    }
    const said = saved ? saidBy(draft) : (draft.sent ?? saidBy(draft));
    if (!saved) this.#setDraft(imageId, id, { ...draft, sent: said });
    const answer = saved
      ? await this.#client
          .mutation(UPDATE_MEASUREMENT, { input: { id: saved, ...changedInput(said, kept) } })
          .toPromise()
      : await this.#client
          .mutation(SAVE_MEASUREMENT, { input: { ...savedAs(imageId, draft), ...asInput(said) } })
          .toPromise();
    if (answer.error || !answer.data) return answer.error;
    const { data } = answer;
    const told = 'saveMeasurement' in data ? data.saveMeasurement.measurement : data.updateMeasurement.measurement;
    // As it was typed: a space at the end may have a word behind it soon.
    this.#setKept(imageId, { ...keptOf(told), id, name: said.name, note: said.note });
    // What was changed while the server answered goes next.
    const now = this.#draftsOf(imageId).find((one) => one.id === id);
    if (!now) return undefined;
    const { sent: _, ...rest } = now;
    const isDone = !now.deleted && isSame(saidBy(now), said);
    this.#setDraft(imageId, id, isDone ? undefined : { ...rest, saved: told.id });
    return undefined;
  }

  #refused(imageId: string, draft: Draft, why: string): void {
    const now = this.#draftsOf(imageId).find(({ id }) => id === draft.id);
    // Nothing was kept under its key: it can be asked for otherwise.
    if (now) this.#setDraft(imageId, draft.id, withoutSent(now));
    this.#faults.set(draft.id, why);
    this.#changed();
  }

  #isAway(error: CombinedError): void {
    this.away = sentence(error);
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** Measurements of the images that are shown. */
export function useMeasurements(imageIds: readonly string[]): MeasurementStore {
  const { viewer, clients } = useSession();
  const [store] = useState(() => new MeasurementStore(clients.client, viewer.id));
  useSyncExternalStore(store.listen, store.version);
  useEffect(() => store.start(), [store]);
  const wanted = imageIds.join(' ');
  useEffect(() => void store.show(wanted.split(' ')), [store, wanted]);
  return store;
}

function withoutSent({ sent: _, ...draft }: Draft): Draft {
  return draft;
}

function asInput({ name, note, points }: Said) {
  return { name, note, points: points.map(([column, row]) => ({ column, row })) };
}

/** What is said, but for what the server has: points that are told again are measured again, on the image as it is now. */
function changedInput(said: Said, kept: Said | undefined) {
  const { name, note, points } = asInput(said);
  if (!kept) return { name, note, points };
  return {
    ...(name !== kept.name && { name }),
    ...(note !== kept.note && { note }),
    ...(!isSame(said.points, kept.points) && { points }),
  };
}

function isSame(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
