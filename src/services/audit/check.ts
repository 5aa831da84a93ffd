import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRow } from '../../entities/index.js';
import { contentDigest, linkDigest, NO_DIGEST, sealAudit } from './chain.js';
import { type SealedRow, sealedRows } from './rows.js';

/** Where a chain ended when somebody looked. */
export interface ChainHead {
  seq: number;
  digest: string;
}

export interface AuditCheck {
  /** Rows that are linked, and were checked. */
  sealed: number;
  /** Rows that have come and are not linked yet. */
  unsealed: number;
  /** Of the sealed: rows that an erasure has changed, as its own row says; what they said cannot be checked any more. */
  erased: number;
  /** The last place that retention has removed, as its own row says; 0 for none. */
  removedThrough: number;
  /** Whether the head to compare with is among what retention has removed, and could not be compared. */
  isNotedRemoved: boolean;
  /** The newest sealed row; null of an empty chain. */
  head: ChainHead | null;
  /** What is wrong, a sentence each, at most {@link MAX_FAULTS}. */
  faults: string[];
}

const MAX_FAULTS = 20;

/**
 * Seals what has come, and looks whether the audit is as it was written: every row says what was sealed, none is missing, none was put in between. A
 * chain whose end was cut off, or which was made anew as a whole, shows only against a head that was noted earlier.
 *
 * @param noted a head of before: the chain must still lead to it
 */
export async function checkAudit(dataSource: DataSource, noted?: ChainHead): Promise<AuditCheck> {
  await sealAudit(dataSource);
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    await manager.query('SET TRANSACTION READ ONLY');
    const walk = new Walk(noted);
    for await (const row of sealedRows(manager)) walk.step(row);
    const { unsealed } = await queryRow(
      manager,
      z.object({ unsealed: z.number() }),
      'SELECT count(*)::integer AS unsealed FROM audit_entry WHERE seq IS NULL',
    );
    return { ...walk.end(), unsealed };
  });
}

/**
 * A head as the log and "audit check" write it: "1234:9f86d0..." .
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parseHead(text: string): ChainHead {
  const match = /^([1-9]\d{0,8}):([0-9a-f]{64})$/.exec(text.trim());
  if (!match) {
    throw new UserError('BAD_USER_INPUT', 'A head is a place and a digest, such as "1234:" and 64 hexadecimal digits.');
  }
  return { seq: Number(match[1]), digest: match[2]! };
}

/** Goes along a chain. What excuses a gap or a changed row is itself a row of it, sealed, unchanged and further on, so that it is judged at the end. */
class Walk {
  #last: ChainHead = { seq: 0, digest: NO_DIGEST };
  #first: SealedRow | undefined;
  #sealed = 0;
  #isReached = false;
  readonly #faults: string[] = [];
  readonly #unsalted: SealedRow[] = [];
  readonly #erasedPlaces = new Set<number>();
  /** By retention: places, with their digests. */
  readonly #removed = new Map<number, string>();

  constructor(private readonly noted: ChainHead | undefined) {}

  step(row: SealedRow): void {
    const { seq, salt, content, digest } = row;
    const follows = seq === this.#last.seq + 1;
    this.#first ??= row;
    if (!follows && row !== this.#first) this.#complain(missing(this.#last.seq + 1, seq - 1));
    if (follows && linkDigest({ ...row, previous: this.#last.digest }) !== digest) this.#complain(breaks(row));
    if (salt === null) this.#unsalted.push(row);
    else if (contentDigest(salt, content) !== row.contentDigest)
      this.#complain(`${named(row)} was changed after it was sealed.`);
    else this.#excuse(row);
    if (seq === this.noted?.seq) {
      this.#isReached = true;
      if (digest !== this.noted.digest) this.#complain(`Place ${seq} is not what was noted: the chain was made anew.`);
    }
    this.#last = { seq, digest };
    this.#sealed++;
  }

  end(): Omit<AuditCheck, 'unsealed'> {
    const before = (this.#first?.seq ?? 1) - 1;
    const removed = this.#removed.get(before);
    if (before > 0 && removed === undefined) this.#complain(missing(1, before));
    else if (before > 0 && linkDigest({ ...this.#first!, previous: removed! }) !== this.#first!.digest)
      this.#complain(breaks(this.#first!));
    for (const row of this.#unsalted) {
      if (this.#erasedPlaces.has(row.seq)) continue;
      this.#complain(`${named(row)} cannot be checked, and no erasure says that it changed it.`);
    }
    const isNotedRemoved = this.#judgeNoted(removed === undefined ? 0 : before);
    return {
      sealed: this.#sealed,
      erased: this.#unsalted.length,
      removedThrough: removed === undefined ? 0 : before,
      isNotedRemoved,
      head: this.#sealed > 0 ? this.#last : null,
      faults: this.#faults,
    };
  }

  /** @returns whether the noted head was removed, and no retention says what it was */
  #judgeNoted(removedThrough: number): boolean {
    const { noted } = this;
    if (!noted || this.#isReached) return false;
    if (noted.seq > removedThrough) {
      this.#complain(`Place ${noted.seq}, which was noted, is not there any more.`);
      return false;
    }
    const digest = this.#removed.get(noted.seq);
    if (digest !== undefined && digest !== noted.digest)
      this.#complain(`Place ${noted.seq} is not what was noted: the chain was made anew.`);
    return digest === undefined;
  }

  #excuse({ seq, content }: SealedRow): void {
    const { data } = EXCUSE.safeParse(JSON.parse(content));
    if (!data) return;
    const [, , , action, , { removedThrough, auditPlaces = [] }] = data;
    if (action === 'retention' && removedThrough && removedThrough.seq < seq)
      this.#removed.set(removedThrough.seq, removedThrough.digest);
    if (action === 'eraseParticipant') for (const place of auditPlaces) if (place < seq) this.#erasedPlaces.add(place);
  }

  #complain(sentence: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(sentence);
  }
}

/** What a row says, where it excuses others. */
const EXCUSE = z.tuple([
  z.number(),
  z.string(),
  z.unknown(),
  z.enum(['retention', 'eraseParticipant']),
  z.unknown(),
  z.object({
    removedThrough: z.object({ seq: z.number(), digest: z.string() }).optional(),
    auditPlaces: z.array(z.number()).optional(),
  }),
]);

function named({ id, seq }: SealedRow): string {
  return `Row ${id} (place ${seq})`;
}

function breaks(row: SealedRow): string {
  return `${named(row)} does not follow the row before it.`;
}

function missing(from: number, to: number): string {
  return from === to ? `Place ${from} of the chain is missing.` : `Places ${from} to ${to} of the chain are missing.`;
}
