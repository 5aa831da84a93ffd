import { type DataSource, In } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import {
  type ArchiveChoice,
  EXPORT_FORMATS,
  EXPORT_STATES,
  type ExportUnit,
  type ExportFormat,
  isArchive,
  type TableShape,
} from '../../domain/exports.js';
import { encodeId } from '../../domain/global-ids.js';
import { Export } from '../../entities/index.js';
import { cancelWork, enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { expandCohorts, planSplit } from '../cohorts/index.js';
import {
  column,
  compileFilter,
  KNEE_EXAMS,
  Parameters,
  PARTICIPANTS,
  Scope,
  selectingAt,
  type Table,
  type Where,
} from '../filters/index.js';
import type { Listing } from '../paging/index.js';
import { mayReadExport, type Principal, requireRole, seesEverybodys, type TokenPrincipal } from '../../policy/index.js';
import { checkArchive } from './archive/request.js';
import type { PairQuestion } from '../../domain/knee-pairs.js';
import type { SplitRequest } from '../../domain/splits.js';
import { resolvePairs } from '../pairs/index.js';
import type { NumberRequest } from '../../domain/knee-numbers.js';
import { resolveNumbers } from '../numbers/index.js';
import { pinVersions, resolveVariables } from '../variables/index.js';
import { participantColumns } from './participant-rows.js';
import { namesOfColumns, withVariables } from './variable-columns.js';
import { EXPORT } from './kind.js';
import { chooseColumns } from './columns.js';
import type { ExportSpec } from './manifest.js';
import { checkShape, shapedColumns } from './shape.js';
import { splitJoin } from './split-column.js';

/** Exports of one token that may wait or run at a time. */
const MAX_UNFINISHED = 5;

/** What a caller asks to export. */
export interface ExportRequest {
  format: ExportFormat;
  /** What the rows of a table are; default: knee exams. `where` is of participants where the rows are. */
  unit?: ExportUnit | undefined;
  /** Columns or groups of columns; none: every group but the readings by project. */
  columns?: readonly string[] | null | undefined;
  /** Names of variables that get a column each, after the others. */
  variables?: readonly string[] | null | undefined;
  where?: Where | null | undefined;
  /** What a table has beside the exams' own columns; none: nothing. */
  shape?: Pick<TableShape, 'event' | 'asOf'> | null | undefined;
  /** Changes and slopes of variables that a table has a column each of. */
  numbers?: readonly NumberRequest[] | null | undefined;
  /** Pairs whose exams are the rows of a table, with their filters in the API's words too. */
  pairs?: (PairQuestion & { written: { cases: object; controls: object } }) | null | undefined;
  /** The split whose part each row of a table tells. */
  split?: SplitRequest | null | undefined;
  /** Which series an archive holds; none: all real ones of the exams. */
  archive?: ArchiveChoice | null | undefined;
  /** The filter in the API's own words, for the manifest. */
  written?: object | null | undefined;
}

/**
 * Checks a request and fixes what its cohorts hold at this moment.
 *
 * @throws UserError BAD_USER_INPUT for a column or a filter that is wrong, or for what a table of participants cannot have, NOT_FOUND for a cohort
 *   the actor may not read
 */
export async function exportSpec(
  dataSource: DataSource,
  actor: Principal,
  request: ExportRequest,
): Promise<ExportSpec> {
  const { format, columns, variables, where, written, archive, shape, numbers, pairs, split } = request;
  if (isArchive(format)) requireRole(actor, 'READER', `An archive of images (${format})`);
  const ofPeople = request.unit === 'PARTICIPANT';
  const table = ofPeople ? PARTICIPANTS : KNEE_EXAMS;
  const { where: selection, cohorts, names } = await expandCohorts(dataSource, actor, where ?? null);
  const paired =
    pairs &&
    (await resolvePairs(dataSource, pairs, async (filter) => {
      const expanded = await expandCohorts(dataSource, actor, filter);
      cohorts.push(...expanded.cohorts);
      for (const [id, name] of expanded.names) names.set(id, name);
      compileFilter(expanded.where, new Scope(KNEE_EXAMS, 't'), new Parameters());
      return asStored(expanded.where);
    }));
  compileFilter(selection, new Scope(table, 't'), new Parameters());
  const shared = {
    filter: await pinVersions(dataSource, written ?? null),
    selection: selection && asStored(selection),
    cohorts: cohorts.map(({ id, version }) => ({ id: encodeId('Cohort', id), version, name: names.get(id) ?? '' })),
  };
  if (ofPeople) {
    if (isArchive(format) || archive || shape?.event || shape?.asOf || numbers?.length || pairs || split) {
      throw new UserError(
        'BAD_USER_INPUT',
        'Rows of participants have columns and variables; series, event, asOf, numbers, pairs and split are of knee exams.',
      );
    }
    const refs = await resolveVariables(dataSource, variables ?? []);
    const own = await participantColumns(dataSource, columns, refs);
    return { ...shared, format, columns: own, variables: refs, shape: { unit: 'PARTICIPANT' } };
  }
  if (!isArchive(format)) {
    if (archive) throw new UserError('BAD_USER_INPUT', `${format} is a table; series are chosen for archives only.`);
    const asked = checkShape({
      ...{ ...shape, numbers: await resolveNumbers(dataSource, numbers ?? [], 'numbers') },
      pairs: paired && { ...paired, written: await pinVersions(dataSource, pairs!.written) },
      split: split && planSplit(split),
    });
    for (const argument of ['asOf', 'event'] as const) {
      const origin = asked[argument]?.origin;
      if (origin) selectingAt(origin, selection, new Scope(KNEE_EXAMS, 't'), new Parameters(), `${argument}.origin`);
    }
    const refs = await resolveVariables(dataSource, variables ?? []);
    // Said when it is asked for, and not when it is written.
    if (asked.split) await splitJoin(dataSource, asked.split, selection, new Parameters());
    const own = shapedColumns(chooseColumns(columns, namesOfColumns(refs)), asked);
    const chosen = await withVariables(dataSource, own, refs);
    return { ...shared, format, columns: chosen, variables: refs, shape: asked };
  }
  if (shape?.event || shape?.asOf || numbers?.length || pairs || split)
    throw new UserError(
      'BAD_USER_INPUT',
      `${format} is an archive; event, asOf, numbers, pairs and split are of tables.`,
    );
  if (columns || variables) throw new UserError('BAD_USER_INPUT', `${format} is an archive; it has no columns.`);
  const choice = asStored(archive ?? {}) as ArchiveChoice;
  await checkArchive(dataSource, shared.selection, choice, format);
  return { ...shared, format, archive: choice };
}

/** The filter of a cohort's exams that a further filter selects, in the API's words and in ours alike. */
export function cohortFilter(id: string, version: number | null | undefined, where: Where | null | undefined): Where {
  return both({ inCohort: { eq: id, ...(typeof version === 'number' ? { version } : {}) } }, where);
}

/** The same of the participants who have an exam in a cohort. */
export function cohortPeople(id: string, version: number | null | undefined, where: Where | null | undefined): Where {
  return both({ exams: { some: cohortFilter(id, version, null) } }, where);
}

function both(member: Where, where: Where | null | undefined): Where {
  return where && Object.keys(where).length > 0 ? { and: [member, where] } : member;
}

/**
 * Queues an export, which a server then writes.
 *
 * @param action the mutation, for the audit row
 *
 * @throws UserError as {@link exportSpec}, and LIMIT_EXCEEDED while too many of the caller's are unfinished
 */
export async function requestExport(
  dataSource: DataSource,
  viewer: TokenPrincipal,
  request: ExportRequest,
  action: 'exportCohort' | 'exportGenerations' | 'exportParticipants',
): Promise<Export> {
  const spec = await exportSpec(dataSource, viewer, request);
  return dataSource.transaction(async (manager) => {
    // One at a time per token, or two requests could both find the last free place.
    await manager.query('SELECT id FROM api_token WHERE id = $1 FOR UPDATE', [viewer.tokenId]);
    const count = await manager.countBy(Export, { requestedById: viewer.tokenId!, state: In(['QUEUED', 'RUNNING']) });
    if (count >= MAX_UNFINISHED) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `${count} of your exports are not finished yet; at most ${MAX_UNFINISHED} are allowed. Wait for one to finish or cancel one.`,
      );
    }
    const row = await manager.save(
      manager.create(Export, {
        state: 'QUEUED',
        format: spec.format,
        columns: 'archive' in spec ? [] : spec.columns.map(({ name }) => name),
        variables: 'archive' in spec ? [] : [...spec.variables],
        archive: 'archive' in spec ? spec.archive : null,
        shape: 'archive' in spec || Object.keys(spec.shape).length === 0 ? null : spec.shape,
        filter: spec.filter,
        selection: spec.selection,
        cohorts: [...spec.cohorts],
        requestedById: viewer.tokenId,
      }),
    );
    await enterLog(manager, EXPORT, row.id);
    await audit(manager, {
      tokenId: viewer.tokenId,
      action: action,
      target: String(row.id),
      detail: {
        format: spec.format,
        filter: spec.filter,
        cohorts: spec.cohorts,
        ...('archive' in spec ? { archive: spec.archive } : {}),
      },
    });
    return manager.findOneByOrFail(Export, { id: row.id });
  });
}

/**
 * Stops an export, waiting or running; one that is over stays as it is.
 *
 * @throws UserError NOT_FOUND as {@link findExport}
 */
export async function cancelExport(dataSource: DataSource, viewer: TokenPrincipal, id: number): Promise<Export> {
  await findExport(dataSource, viewer, id);
  return dataSource.transaction(async (manager) => {
    const row = await cancelWork(manager, EXPORT, id);
    await audit(manager, { tokenId: viewer.tokenId, action: 'cancelExport', target: String(id) });
    return row;
  });
}

/**
 * An export of the viewer's own; administrators find everybody's.
 *
 * @throws UserError NOT_FOUND also for somebody else's
 */
export async function findExport(dataSource: DataSource, viewer: TokenPrincipal, id: number): Promise<Export> {
  const row = await dataSource.getRepository(Export).findOneBy({ id });
  if (!row || !mayReadExport(row, viewer)) throw new UserError('NOT_FOUND', 'There is no such export.');
  return row;
}

export const EXPORTS: Table = {
  name: 'export',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Export' }, 'id'),
    state: column({ kind: 'choice', of: EXPORT_STATES }, 'state'),
    format: column({ kind: 'choice', of: EXPORT_FORMATS }, 'format'),
    rows: column('integer', 'rows'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
    expiresAt: column('timestamp', 'expires_at'),
    /** Key of the requester's token; not in the API's filter. */
    owner: column('integer', 'requested_by_id'),
  },
};

/** The newest first. */
export const EXPORT_LISTING: Listing<Export> = {
  table: EXPORTS,
  entity: Export,
  key: column('integer', 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

/** Those exports of a filter that a viewer may list. */
export function exportsFor(principal: TokenPrincipal, where: Where | null): Where | null {
  if (seesEverybodys(principal)) return where;
  return { ...where, owner: { eq: principal.tokenId } };
}

/** The filter as JSON keeps it: no undefined entries, times as text. */
function asStored(filter: Where): Where {
  return JSON.parse(JSON.stringify(filter)) as Where;
}
