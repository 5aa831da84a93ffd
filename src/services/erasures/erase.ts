import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { requireOaiId } from '../../domain/participants.js';
import { Erasure, queryRow, queryRows, sqlState, takenBack } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { type BlobStore, letGo, type LetGo, removeForgotten } from '../../storage/index.js';
import { audit, erasureDigest } from '../access/index.js';
import { sealAudit } from '../audit/index.js';
import { withImportLock } from '../imports/index.js';
import { countParts, filesOf, findPerson, namesOf, removeParts } from '../people/index.js';
import { type Certificate, certificateOf } from './certificate.js';
import { eraseLateExports, type Erased, ERASERS } from './erasers.js';
import { takeOutNames, takeOutOfAudit, unsaltedPlaces, unshared } from './rewrite.js';
import { endUnderWay, refuseUnderWay } from './under-way.js';

export interface ErasureServices {
  dataSource: DataSource;
  store: BlobStore;
}

export interface ErasureRequest {
  oaiId: string;
  /** Do all of it, tell what it was, and take it back. */
  dryRun?: boolean | null | undefined;
}

/**
 * Erases a participant who has withdrawn consent: every row and file that is theirs, what others' rows say of them, and the key of
 * their pseudonyms in the audit. Rows go in one transaction, files after it; should the process die in between, a sweep of the store
 * removes them, and nobody can fetch them by then. A tombstone keeps imports from bringing the participant back.
 *
 * @returns what was removed, without a name
 * @throws UserError BAD_USER_INPUT; NOT_FOUND for an unknown participant; CONFLICT while
 *   work on the participant, or an import, is under way, and where somebody has just used a file of theirs
 */
export async function eraseParticipant(
  services: ErasureServices,
  principal: Pick<Principal, 'tokenId'>,
  { oaiId, dryRun }: ErasureRequest,
): Promise<Certificate> {
  requireOaiId(oaiId);
  const { dataSource, store } = services;
  const work = (manager: EntityManager) => erase(manager, services, principal, oaiId);
  const { certificate, files } = await withImportLock(
    dataSource,
    () => orCrossed(dryRun ? takenBack(dataSource, work) : dataSource.transaction(work)),
    { refusal: 'An import into this database is running; erase the participant when it is done.' },
  );
  if (dryRun) return { ...certificate, id: null, dryRun: true, files: { ...certificate.files, digests: [] } };
  await removeForgotten(dataSource, store, files);
  await leaveNoTrace(dataSource, certificate);
  return certificate;
}

/**
 * Erases in the caller's transaction; the files are the caller's to remove after it.
 *
 * @param underWay what becomes of work on the participant: it is refused to erase while there is any, or, where nobody is at it, it ends
 */
export async function erase(
  manager: EntityManager,
  { store }: Pick<ErasureServices, 'store'>,
  { tokenId }: Pick<Principal, 'tokenId'>,
  oaiId: string,
  underWay: 'REFUSE' | 'END' = 'REFUSE',
): Promise<{ certificate: Certificate; files: LetGo[] }> {
  // Looking through every text of a large database takes longer than any question may.
  await manager.query('SET LOCAL statement_timeout = 0');
  // Whoever adds something of the participant waits, and then does not find them.
  const [found] = await queryRows(
    manager,
    z.object({ id: z.number() }),
    'SELECT id FROM participant WHERE oai_id = $1 FOR UPDATE',
    [oaiId],
  );
  if (!found) throw new UserError('NOT_FOUND', 'There is no participant with this id, so nothing was erased.');
  const person = await findPerson(manager, { id: found.id, oaiId });
  await (underWay === 'REFUSE' ? refuseUnderWay : endUnderWay)(manager, person);
  const names = await namesOf(manager, person);
  const own = await filesOf(manager, person);
  const total = { removed: new Counts(), rewritten: new Counts(), expiredExports: 0, restartedExports: 0 };
  const files = new Set(own);
  const note = (erased: Erased): void => {
    total.removed.add(erased.removed);
    total.rewritten.add(erased.rewritten);
    total.expiredExports += erased.expiredExports ?? 0;
    total.restartedExports += erased.restartedExports ?? 0;
    for (const sha256 of erased.files ?? []) files.add(sha256);
  };
  const afterwards: NonNullable<Erased['afterwards']>[] = [];
  for (const eraser of ERASERS) {
    const erased = await eraser({ manager, store, person });
    note(erased);
    if (erased.afterwards) afterwards.push(erased.afterwards);
  }
  note({ removed: await countParts(manager, person.parts) });
  await removeParts(manager, person.parts);
  for (const finish of afterwards) note(await finish());
  const goneFirst = await letGo(manager, [...files]);
  const changedBefore = new Set(await unsaltedPlaces(manager));
  const theirs = await unshared(manager, [...names, ...files]);
  note({ rewritten: await takeOutNames(manager, theirs) });
  note({ rewritten: await takeOutOfAudit(manager, person, theirs) });
  const late = await eraseLateExports({ manager, store, person });
  note(late);
  const gone = [...goneFirst, ...(await letGo(manager, [...(late.files ?? [])]))];
  note({ removed: { asset: gone.length } });

  const digest = await erasureDigest(manager);
  const row = manager.create(Erasure, {
    id: randomUUID(),
    at: await nowOf(manager),
    tokenId,
    tombstone: digest(oaiId),
    removed: total.removed.inOrder(),
    rewritten: total.rewritten.inOrder(),
    expiredExports: total.expiredExports,
    restartedExports: total.restartedExports,
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    files: gone.map(({ sha256 }) => digest(sha256)).sort(),
  });
  await manager.insert(Erasure, row);
  // What the chain of the audit cannot show any more; without this the rows would count as tampered with.
  const auditPlaces = (await unsaltedPlaces(manager)).filter((seq) => !changedBefore.has(seq));
  await audit(manager, {
    tokenId,
    action: 'eraseParticipant',
    target: row.id,
    detail: auditPlaces.length > 0 ? { auditPlaces } : {},
  });
  // Sealed with what it excuses, so that a check between the two finds no fault.
  await sealAudit(manager);
  return { certificate: certificateOf(row), files: gone };
}

/** @throws UserError CONFLICT for an erasure that crossed somebody else's work */
async function orCrossed<T>(erasing: Promise<T>): Promise<T> {
  try {
    return await erasing;
  } catch (error) {
    throw wasCrossed(error)
      ? new UserError('CONFLICT', 'Somebody used what was to be erased, so nothing was erased; erase again.', {
          cause: error,
        })
      : error;
  }
}

/** Whether a transaction failed because of another one: a row that refers to what was to go (23503), or a deadlock (40P01). */
function wasCrossed(error: unknown): boolean {
  return ['23503', '40P01'].includes(sqlState(error) ?? '');
}

/** Rows by table, of which there are any. */
class Counts {
  readonly #rows = new Map<string, number>();

  add(counts: Readonly<Record<string, number>> = {}): void {
    for (const [table, rows] of Object.entries(counts)) {
      if (rows > 0) this.#rows.set(table, (this.#rows.get(table) ?? 0) + rows);
    }
  }

  inOrder(): Record<string, number> {
    return Object.fromEntries([...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

async function nowOf(manager: EntityManager): Promise<Date> {
  return (await queryRow(manager, z.object({ at: z.date() }), 'SELECT clock_timestamp() AS at')).at;
}

/**
 * Frees the space of the removed rows and makes the planner's statistics anew: both still hold values of the participant. The erasure
 * itself is done; where this cannot be, the database does it in its own time.
 */
async function leaveNoTrace(dataSource: DataSource, { removed, rewritten }: Certificate): Promise<void> {
  // What imports and deletions keep of rows goes with these by the database's own hand.
  const tables = new Set([
    ...[...removed, ...rewritten].map(({ table }) => table),
    'import_change',
    'import_block',
    'former_result',
  ]);
  await using runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    for (const table of tables) {
      await runner.query(`VACUUM (ANALYZE) ${table}`);
      await forgetStatistics(runner, table);
    }
  } catch {
    return;
  } finally {
    await runner.query('RESET statement_timeout').catch(() => undefined);
  }
}

/** ANALYZE leaves the statistics of a table as they are when it finds no row. Before PostgreSQL 18 nothing can remove them. */
async function forgetStatistics(runner: QueryRunner, table: string): Promise<void> {
  const [empty] = await queryRows(
    runner,
    z.object({ removable: z.boolean() }),
    `SELECT current_setting('server_version_num')::integer >= 180000 AS removable WHERE NOT EXISTS (SELECT FROM ${table})`,
  );
  if (!empty?.removable) return;
  await runner.query(
    `SELECT pg_clear_attribute_stats(current_schema()::text, $1, attname::text, false)
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
}
