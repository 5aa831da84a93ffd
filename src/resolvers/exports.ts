import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import { idOf, INPUT, PageArgs, WHERE } from '../schema/arguments.js';
import { Asset } from '../schema/asset.js';
import type { ConnectionOf } from '../schema/connections.js';
import {
  ExportCohortInput,
  ExportColumnItem,
  ExportConnection,
  ExportGenerationsInput,
  ExportNode,
  ExportParticipantsInput,
} from '../schema/export.js';
import { filterAsJson } from '../schema/filter-json.js';
import { connectionComplexity, jobComplexity } from '../schema/limits.js';
import {
  CancelExportInput,
  CancelExportPayload,
  ExportCohortPayload,
  ExportGenerationsPayload,
  ExportParticipantsPayload,
} from '../schema/mutations.js';
import type { ExportPayload, IdInput } from '../schema/mutations.js';
import { ExportFilter } from '../schema/work-filters.js';
import {
  archiveChoice,
  cancelExport,
  cohortFilter,
  cohortPeople,
  dictionary,
  EXPORT_COLUMNS,
  EXPORT_LISTING,
  EXPORTS,
  exportsFor,
  type ExportRequest,
  findExport,
  requestExport,
} from '../services/exports/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import { connection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { signedAsset } from './images.js';
import { findOrNull } from './node.js';

/** Generations that one request may name. */
const MAX_GENERATIONS = 10_000;

@Resolver(() => ExportNode)
export class ExportResolver {
  @Query(() => [ExportColumnItem], { description: 'What an export can hold: the data dictionary.' })
  exportColumns(): ExportColumnItem[] {
    return dictionary(EXPORT_COLUMNS);
  }

  @Query(() => ExportConnection, {
    description: "The viewer's own exports, an administrator's view of everybody's; the newest first.",
    complexity: connectionComplexity,
  })
  exports(
    @Ctx() context: Context,
    @Arg('where', () => ExportFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<ExportNode> {
    const { dataSource } = context.platform;
    const visible = exportsFor(context.viewer, where);
    return connection(context, {
      page: () => readPage(dataSource, EXPORT_LISTING, { where: visible, ...page }),
      count: () => countRows(dataSource, EXPORTS, visible),
      node: (row) => new ExportNode(row),
    });
  }

  @Query(() => ExportNode, { nullable: true, description: "One of the viewer's own; an administrator sees every one." })
  async export(@Ctx() context: Context, @Arg('id', () => ID, idOf('export')) id: string): Promise<ExportNode | null> {
    requireRole(context, 'ANALYST', 'Reading exports');
    const decoded = decodeId(id);
    if (decoded?.type !== 'Export') return null;
    const found = findExport(context.platform.dataSource, context.viewer, Number(decoded.key));
    return findOrNull(found.then((row) => new ExportNode(row)));
  }

  @Mutation(() => ExportCohortPayload, {
    description:
      'Writes a file of knee exams, or an archive of their volumes, in the background. Ask `export(id)` until its state is SUCCEEDED; ' +
      'then `file` has a signed URL.',
    complexity: jobComplexity,
  })
  async exportCohort(
    @Ctx() context: Context,
    @Arg('input', () => ExportCohortInput, INPUT)
    {
      format,
      columns,
      variables,
      numbers,
      cohortId,
      cohortVersion,
      where,
      series,
      event,
      asOf,
      pairs,
      split,
    }: ExportCohortInput,
    @Info() { schema }: GraphQLResolveInfo,
  ): Promise<ExportPayload> {
    requireRole(context, 'ANALYST', 'exportCohort');
    checkVersion(cohortId, cohortVersion);
    const selected = cohortId ? cohortFilter(cohortId, cohortVersion, where) : where;
    const written = selected ? filterAsJson(schema, 'KneeExamFilter', selected) : null;
    const archive = series ? archiveChoice({ series: filterAsJson(schema, 'MriSeriesFilter', series) }) : null;
    return request(context, 'exportCohort', {
      format,
      columns,
      variables,
      numbers,
      split,
      pairs: pairs && {
        ...pairs,
        written: {
          cases: filterAsJson(schema, 'KneeExamFilter', pairs.cases),
          controls: filterAsJson(schema, 'KneeExamFilter', pairs.controls),
        },
      },
      where: selected,
      written,
      archive,
      shape: { event, asOf },
    });
  }

  @Mutation(() => ExportParticipantsPayload, {
    description:
      'Writes a file with a row for each participant, examined or not, in the background; otherwise as `exportCohort`.',
    complexity: jobComplexity,
  })
  async exportParticipants(
    @Ctx() context: Context,
    @Arg('input', () => ExportParticipantsInput, INPUT)
    { cohortId, cohortVersion, where, ...rest }: ExportParticipantsInput,
    @Info() { schema }: GraphQLResolveInfo,
  ): Promise<ExportPayload> {
    requireRole(context, 'ANALYST', 'exportParticipants');
    checkVersion(cohortId, cohortVersion);
    const selected = cohortId ? cohortPeople(cohortId, cohortVersion, where) : where;
    const written = selected ? filterAsJson(schema, 'ParticipantFilter', selected) : null;
    return request(context, 'exportParticipants', { ...rest, unit: 'PARTICIPANT', where: selected, written });
  }

  @Mutation(() => ExportGenerationsPayload, {
    description:
      'Writes an archive of generated volumes or files in the background: of chosen generations, or of what a batch has made so far. Each ' +
      'comes with its provenance.',
    complexity: jobComplexity,
  })
  async exportGenerations(
    @Ctx() context: Context,
    @Arg('input', () => ExportGenerationsInput, INPUT) { format, ...wish }: ExportGenerationsInput,
  ): Promise<ExportPayload> {
    requireRole(context, 'READER', 'exportGenerations');
    const { generationIds, batchId } = wish;
    if (!batchId && !(generationIds && generationIds.length > 0 && generationIds.length <= MAX_GENERATIONS)) {
      throw new UserError(
        'BAD_USER_INPUT',
        `generationIds must name 1 to ${MAX_GENERATIONS} generations, or batchId a batch.`,
      );
    }
    return request(context, 'exportGenerations', { format, archive: archiveChoice(wish) });
  }

  @Mutation(() => CancelExportPayload, { description: 'Stops an export that waits or is being written.' })
  async cancelExport(
    @Ctx() context: Context,
    @Arg('input', () => CancelExportInput, INPUT) { id }: IdInput,
  ): Promise<ExportPayload> {
    requireRole(context, 'ANALYST', 'cancelExport');
    const decoded = decodeId(id);
    if (decoded?.type !== 'Export') throw new UserError('BAD_USER_INPUT', 'id must be the id of an Export.');
    const row = await cancelExport(context.platform.dataSource, context.viewer, Number(decoded.key));
    return { export: new ExportNode(row) };
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description: 'The finished file; null before it is whole and after it has expired.',
  })
  async file(@Root() { row }: ExportNode, @Ctx() context: Context): Promise<Asset | null> {
    return row.assetId === null ? null : signedAsset(context, await context.loaders.asset.load(row.assetId));
  }

  @FieldResolver(() => Asset, {
    nullable: true,
    description:
      'manifest.json of an archive: every volume with its files, their SHA-256 and provenance. It stays when the archive has expired.',
  })
  async manifestFile(@Root() { row }: ExportNode, @Ctx() context: Context): Promise<Asset | null> {
    const { manifestAssetId } = row;
    return manifestAssetId === null ? null : signedAsset(context, await context.loaders.asset.load(manifestAssetId));
  }

  @FieldResolver(() => String, { description: 'Name of the token that asked for it.' })
  async requestedBy(@Root() { row }: ExportNode, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.requestedById)).name;
  }
}

/** @throws UserError BAD_USER_INPUT for a version of no cohort */
function checkVersion(cohortId: string | null | undefined, version: number | null | undefined): void {
  if (!cohortId && typeof version === 'number') {
    throw new UserError('BAD_USER_INPUT', 'cohortVersion is a version of the cohort that cohortId names; give both.');
  }
}

async function request(
  { platform, viewer }: Context,
  action: Parameters<typeof requestExport>[3],
  wanted: ExportRequest,
): Promise<ExportPayload> {
  const row = await requestExport(platform.dataSource, viewer, wanted, action);
  platform.exports.wake();
  return { export: new ExportNode(row) };
}
