import { pipeline } from 'node:stream/promises';
import type { RequestHandler, Response } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { EXPORT_FILES, EXPORT_FORMATS, EXPORT_UNITS, type ExportUnit } from '../domain/exports.js';
import { isJsonObject, parseJson } from '../domain/json.js';
import { PAIRINGS } from '../domain/knee-pairs.js';
import { SPLIT_METHODS } from '../domain/splits.js';
import { COMPETING_EVENTS, SURVIVAL_EVENTS } from '../domain/survival.js';
import { VISIT_CODES } from '../domain/visits.js';
import { requireRole } from '../policy/index.js';
import { filterFromJson } from '../schema/filter-json.js';
import { audit, type Quotas } from '../services/access/index.js';
import {
  archiveChoice,
  cohortFilter,
  cohortPeople,
  describeColumns,
  type ExportRequest,
  type ExportProgress,
  exportSpec,
  type TableSpec,
  writeTable,
} from '../services/exports/index.js';
import { FACET_NAMES } from '../services/aggregates/index.js';
import { KNEE_EXAMS, PARTICIPANTS } from '../services/filters/index.js';
import { countRows } from '../services/paging/index.js';
import { viewerOf } from './authenticate.js';
import { hasHungUp } from './hung-up.js';
import { charge } from './rate-limit.js';

/** What is streamed, by what a row is. */
const UNITS = {
  KNEE_EXAM: {
    ...{ table: KNEE_EXAMS, filter: 'KneeExamFilter', ofCohort: cohortFilter },
    ...{ rows: 'knee exams', mutation: 'exportCohort', file: 'knee-exams' },
  },
  PARTICIPANT: {
    ...{ table: PARTICIPANTS, filter: 'ParticipantFilter', ofCohort: cohortPeople },
    ...{ rows: 'participants', mutation: 'exportParticipants', file: 'participants' },
  },
} as const satisfies Record<ExportUnit, object>;

/** Most knee exams that one answer streams; more are an export in the background, with a file that can be fetched again. */
const MAX_STREAMED = 20_000;

/** What a streamed export takes from the quota: counting it, and each of its rows. */
const EXPORT_POINTS = { each: 1_000, row: 10 };

/** An object as it came: a copy by zod would lose a key `__proto__`, and with it the whole filter. */
const JSON_OBJECT = z.custom<Record<string, unknown>>(isJsonObject, 'must be an object').meta({ type: 'object' });

const PERIOD = z.strictObject({ from: z.enum(VISIT_CODES), to: z.enum(VISIT_CODES) });
const NUMBER = z.strictObject({ variable: z.string(), change: PERIOD.nullish(), slope: PERIOD.nullish() });
const PAIRS = z.strictObject({
  of: z.enum(PAIRINGS),
  cases: JSON_OBJECT,
  controls: JSON_OBJECT,
  exactly: z.array(z.enum(FACET_NAMES)).nullish(),
  nearest: z.array(NUMBER.extend({ caliper: z.number().nullish() })).nullish(),
});

const SPLIT = z.strictObject({
  parts: z.array(z.strictObject({ name: z.string(), fraction: z.number() })).nullish(),
  folds: z.int().nullish(),
  method: z.enum(SPLIT_METHODS).nullish(),
  seed: z.int().nullish(),
});

const REQUEST = z.strictObject({
  format: z.enum(EXPORT_FORMATS).default('CSV'),
  unit: z.enum(EXPORT_UNITS).default('KNEE_EXAM'),
  columns: z.array(z.string()).nullish(),
  variables: z.array(z.string()).nullish(),
  cohortId: z.string().nullish(),
  cohortVersion: z.int().nullish(),
  where: JSON_OBJECT.nullish(),
  event: z
    .strictObject({
      origin: z.enum(VISIT_CODES).default('V00'),
      event: z.enum(SURVIVAL_EVENTS),
      competing: z.array(z.enum(COMPETING_EVENTS)).default([]),
    })
    .nullish(),
  asOf: z.strictObject({ origin: z.enum(VISIT_CODES).default('V00'), visits: z.array(z.enum(VISIT_CODES)) }).nullish(),
  numbers: z.array(NUMBER).nullish(),
  pairs: PAIRS.nullish(),
  split: SPLIT.nullish(),
  series: JSON_OBJECT.nullish(),
  generationIds: z.array(z.string()).min(1).nullish(),
  batchId: z.string().nullish(),
  withReal: z.boolean().nullish(),
});

/**
 * `GET /exports?format=CSV&columns=grades,age&variables=V00KOOSYM&where={...}` and `POST /exports` with the same as JSON: the file at once, as a
 * stream. A connection that ends without its last chunk carried no whole file.
 */
export function exportHandler(
  dataSource: DataSource,
  schema: GraphQLSchema,
  quotas: Quotas | undefined,
): RequestHandler {
  return async (request, response) => {
    const viewer = viewerOf(response);
    const asked = request.method === 'POST' ? (request.body as unknown) : fromQuery(request.query);
    const spec = await tableSpec({ dataSource, schema, quotas }, response, asked);
    const { selection, shape } = spec;
    const paired = shape.pairs && { or: [shape.pairs.cases, shape.pairs.controls] };
    const { table, rows: things, mutation, file } = UNITS[shape.unit ?? 'KNEE_EXAM'];
    const count = await countRows(dataSource, table, paired ? { and: [selection ?? {}, paired] } : selection);
    if (count > MAX_STREAMED) {
      throw new UserError(
        'LIMIT_EXCEEDED',
        `The filter selects ${count} ${things}; at most ${MAX_STREAMED} are streamed at once. The mutation ${mutation} writes more.`,
      );
    }
    await charge(quotas, response, count * EXPORT_POINTS.row, `this export of ${count} ${things}`);
    let rows = 0;
    const stream = writeTable(dataSource, spec, { onProgress: (progress: ExportProgress) => (rows = progress.rows) });
    // Pairs may be refused only when they are made: once a piece is on its way nobody can be told.
    await stream.begin();
    const { mediaType, extension } = EXPORT_FILES[spec.format];
    response.set({
      'Content-Type': spec.format === 'PARQUET' ? mediaType : `${mediaType}; charset=utf-8`,
      'Content-Disposition': `attachment; filename="${file}.${extension}"`,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    // Asked for the head alone: nothing is written, nothing downloaded.
    if (request.method === 'HEAD') {
      await stream.leave();
      return void response.end();
    }
    const { tokenId } = viewer;
    const detail = { format: spec.format, filter: spec.filter, cohorts: spec.cohorts };
    // Before the first byte: nobody has anything without this row, though the process die.
    await audit(dataSource, { tokenId, action: 'export.download', detail: { ...detail, selected: count } });
    let whole = true;
    try {
      await pipeline(stream.pieces, response);
    } catch (error) {
      whole = false;
      if (!hasHungUp(error)) throw error;
    } finally {
      await audit(dataSource, { tokenId, action: 'export.downloaded', detail: { ...detail, rows, whole } });
    }
  };
}

/** `POST /exports/dictionary` with what `POST /exports` takes: what the columns of its table mean, and how they are read, without a row. */
export function exportDictionaryHandler(
  dataSource: DataSource,
  schema: GraphQLSchema,
  quotas: Quotas | undefined,
): RequestHandler {
  return async (request, response) => {
    const spec = await tableSpec({ dataSource, schema, quotas }, response, request.body as unknown);
    response.set('Cache-Control', 'no-store').json(describeColumns(spec));
  };
}

/**
 * The table that JSON asks for.
 *
 * @throws UserError FORBIDDEN, RATE_LIMITED, and BAD_USER_INPUT for what is wrong, or is an archive
 */
async function tableSpec(
  { dataSource, schema, quotas }: { dataSource: DataSource; schema: GraphQLSchema; quotas: Quotas | undefined },
  response: Response,
  json: unknown,
): Promise<TableSpec> {
  const viewer = viewerOf(response);
  requireRole(viewer, 'ANALYST', 'Exporting');
  const asked = exportRequest(schema, json);
  // Counting, and dealing out participants, is work too: it is paid before it is done.
  await charge(quotas, response, EXPORT_POINTS.each, 'this export');
  const spec = await exportSpec(dataSource, viewer, asked);
  if ('archive' in spec) {
    throw new UserError('BAD_USER_INPUT', `${spec.format} is not streamed; the mutation exportCohort writes archives.`);
  }
  return spec;
}

/**
 * An export as JSON asks for it, by this route or on the command line.
 *
 * @throws UserError BAD_USER_INPUT that names the part that is wrong
 */
export function exportRequest(schema: GraphQLSchema, json: unknown): ExportRequest {
  const parsed = REQUEST.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue!.path.length > 0 ? `${issue!.path.join('.')}: ` : '';
    throw new UserError('BAD_USER_INPUT', `${place}${issue!.message}.`);
  }
  const {
    format,
    unit,
    columns,
    variables,
    cohortId,
    cohortVersion,
    where,
    event,
    asOf,
    numbers,
    pairs,
    split,
    ...archived
  } = parsed.data;
  const { series, generationIds, batchId, withReal } = archived;
  const { ofCohort, filter } = UNITS[unit];
  const written = cohortId ? ofCohort(cohortId, cohortVersion, where) : where;
  const chosen = archiveChoice({
    series: series && filterFromJson(schema, 'MriSeriesFilter', series),
    generationIds,
    batchId,
    withReal,
  });
  const archive = Object.keys(chosen).length > 0 ? chosen : null;
  return {
    format,
    unit,
    columns,
    variables,
    written,
    where: written && filterFromJson(schema, filter, written),
    archive,
    shape: { event, asOf },
    numbers,
    split,
    pairs: pairs && {
      ...pairs,
      cases: filterFromJson(schema, 'KneeExamFilter', pairs.cases),
      controls: filterFromJson(schema, 'KneeExamFilter', pairs.controls),
      written: { cases: pairs.cases, controls: pairs.controls },
    },
  };
}

/** What the body of `POST /exports` may be, as a JSON Schema. */
export function exportBodySchema(): object {
  // A schema of zod's own for a filter there is none: the GraphQL schema has its language.
  const { $schema: _, ...schema } = z.toJSONSchema(REQUEST, { io: 'input', unrepresentable: 'any' });
  return schema;
}

/** Query parameters as the JSON they stand for. */
function fromQuery(query: Record<string, unknown>): unknown {
  const { columns, variables, where, cohortVersion, event, asOf, numbers, pairs, split, ...rest } = query;
  return {
    ...rest,
    ...(typeof columns === 'string' ? { columns: columns.split(',').map((name) => name.trim()) } : {}),
    ...(typeof variables === 'string' ? { variables: variables.split(',').map((name) => name.trim()) } : {}),
    ...(typeof cohortVersion === 'string' ? { cohortVersion: Number(cohortVersion) } : {}),
    ...(where === undefined ? {} : { where: parsed(where) }),
    ...(event === undefined ? {} : { event: parseJson(String(event), 'event', EVENT_AS_JSON) }),
    ...(asOf === undefined ? {} : { asOf: parseJson(String(asOf), 'asOf', AS_OF_AS_JSON) }),
    ...(numbers === undefined ? {} : { numbers: parseJson(String(numbers), 'numbers', NUMBERS_AS_JSON) }),
    ...(split === undefined ? {} : { split: parseJson(String(split), 'split', SPLIT_AS_JSON) }),
    ...(pairs === undefined ? {} : { pairs: parseJson(String(pairs), 'pairs', PAIRS_AS_JSON) }),
  };
}

const EVENT_AS_JSON = 'event must be JSON, e.g. {"event":"KL_GE_2","competing":["DEATH"]}.';
const NUMBERS_AS_JSON = 'numbers must be JSON, e.g. [{"variable":"WOMKP","change":{"from":"V00","to":"V06"}}].';
const SPLIT_AS_JSON = 'split must be JSON, e.g. {"folds":5,"method":"SITE","seed":1}.';
const PAIRS_AS_JSON =
  'pairs must be JSON, e.g. {"of":"SAME_PERSON","cases":{"kl":{"gte":2}},"controls":{"kl":{"lte":1}}}.';
const AS_OF_AS_JSON = 'asOf must be JSON, e.g. {"visits":["V06"]}.';

function parsed(text: unknown): unknown {
  return parseJson(String(text), 'where', 'where must be a filter as JSON, e.g. {"kl":{"gte":2}}.');
}
