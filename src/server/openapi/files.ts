import { EXPORT_FILES, TABLE_FORMATS } from '../../domain/exports.js';
import { ROLES } from '../../domain/roles.js';
import { SERIES_FILES } from '../../domain/series-files.js';
import { STRIP_FORMS } from '../../domain/strips.js';
import { MASK_MEDIA_TYPES } from '../masks.js';
import { UPLOAD_MEDIA_TYPES } from '../uploads.js';
import { exportBodySchema } from '../exports.js';
import { answer, type Json, OPEN, parameter, path, type PathItem, refusals } from './parts.js';

/** Signed files, streamed exports, and radiographs of one's own. */
export function filePaths(): Record<string, PathItem> {
  const tables = TABLE_FORMATS.map((format) => EXPORT_FILES[format].mediaType);
  const table = answer('The table, as a stream; one that ends without its last chunk is not whole.', tables);
  const refused = refusals(400, 401, 403, 404, 413, 429, 503);
  const body = ofTables(exportBodySchema() as { properties: Json });
  return {
    '/assets/{sha256}': path('Files', {
      get: {
        operationId: 'asset',
        summary: 'A stored file: an image, a volume, an export',
        description: 'GraphQL gives these addresses (image { url }). The signature is the permission.',
        security: OPEN,
        parameters: [
          parameter('path', 'sha256', 'Digest of the file.', { type: 'string', pattern: '^[0-9a-f]{64}$' }),
          ...SIGNATURE,
          RANGE,
        ],
        responses: { ...FILE_ANSWERS, '200': answer('The file.', ['*/*']), ...refusals(403, 404, 503) },
      },
    }),
    '/assets/series/{id}/{file}': path('Files', {
      get: {
        operationId: 'seriesFile',
        summary: 'A stored series as DICOM files, as PNG files, or as one picture, made when it is fetched',
        security: OPEN,
        parameters: [
          parameter('path', 'id', 'The series, as its signed address names it.', { type: 'integer' }),
          parameter('path', 'file', 'Its form.', { type: 'string', enum: Object.keys(SERIES_FILES) }),
          ...SIGNATURE,
          RANGE,
        ],
        responses: {
          ...FILE_ANSWERS,
          '200': answer('The file.', [...new Set(Object.values(SERIES_FILES).map(({ mediaType }) => mediaType))]),
          ...refusals(403, 404, 503),
        },
      },
    }),
    '/assets/t2-maps/{id}/map.dcm': path('Files', {
      get: {
        operationId: 't2MapFile',
        summary: 'A T2 map as a DICOM Parametric Map, made when it is fetched',
        security: OPEN,
        parameters: [
          parameter('path', 'id', 'The map, as its signed address names it.', { type: 'integer' }),
          ...SIGNATURE,
          RANGE,
        ],
        responses: { ...FILE_ANSWERS, '200': answer('The file.', ['application/dicom']), ...refusals(403, 404, 503) },
      },
    }),
    '/exports': path('Exports', {
      get: {
        operationId: 'exportByQuery',
        summary: 'A table of knee exams',
        description: 'Lists are separated by commas; what is an object or a list of objects is JSON.',
        parameters: Object.entries(body.properties).map(([name, schema]) =>
          parameter('query', name, 'As in the body of the POST.', asText(name, schema as Json)),
        ),
        responses: { '200': table, ...refused },
      },
      post: {
        operationId: 'export',
        summary: 'A table of knee exams',
        description: 'Up to 20,000 exams, for ANALYST and above; the mutation exportCohort writes more, and archives.',
        requestBody: { required: true, content: { 'application/json': { schema: body } } },
        responses: { '200': table, ...refused },
      },
    }),
    '/exports/dictionary': path('Exports', {
      post: {
        operationId: 'exportDictionary',
        summary: 'What the columns of such a table mean, without a row of it',
        description:
          'Takes what POST /exports takes, for ANALYST and above. CSV and NDJSON carry no dictionary of their own.',
        requestBody: { required: true, content: { 'application/json': { schema: body } } },
        responses: {
          '200': answer(
            'Columns with type, unit, codes and meaning, and codes of missing values.',
            ['application/json'],
            DICTIONARY,
          ),
          ...refused,
        },
      },
    }),
    '/radiographs': path('Radiographs', {
      post: {
        operationId: 'uploadRadiograph',
        summary: 'A radiograph of one’s own, to make something from',
        description: 'Up to 64 MiB, for OPERATOR and above. The first bytes decide what it is.',
        parameters: [
          {
            ...parameter('query', 'redact', `Parts to be made black: ${STRIP_FORMS}.`, {
              type: 'array',
              items: { type: 'string' },
            }),
            style: 'form',
            explode: true,
          },
        ],
        requestBody: {
          required: true,
          content: Object.fromEntries([...UPLOAD_MEDIA_TYPES].map((type) => [type, {}])),
        },
        responses: {
          '200': answer('The film is there already.', ['application/json'], UPLOAD),
          '201': answer('The film was read and kept.', ['application/json'], UPLOAD),
          ...refusals(400, 401, 403, 413, 415, 422, 429, 503),
        },
      },
    }),
    '/masks': path('Masks', {
      post: {
        operationId: 'uploadMask',
        summary: 'A volume that says what is hidden of a series, to have it filled in',
        description: 'NIfTI, above 0 where it is to be filled in; up to 64 MiB, for OPERATOR and above.',
        requestBody: {
          required: true,
          content: Object.fromEntries([...MASK_MEDIA_TYPES].map((type) => [type, {}])),
        },
        responses: {
          '200': answer('The mask is there already.', ['application/json'], MASK),
          '201': answer('The mask was read and kept.', ['application/json'], MASK),
          ...refusals(400, 401, 403, 413, 415, 422, 429, 503),
        },
      },
    }),
  };
}

const SIGNATURE = [
  parameter('query', 'expires', 'End of the permission, Unix seconds.', { type: 'integer' }),
  parameter('query', 'token', 'The token that it was made for, by number.', { type: 'integer' }),
  parameter('query', 'role', 'What that token allowed.', { type: 'string', enum: [...ROLES] }),
  parameter('query', 'signature', 'Of the address, the end, the token and the role.'),
].map((given) => ({ ...given, required: true }));

const RANGE = parameter('header', 'Range', 'One range of bytes.');

const FILE_ANSWERS = {
  '206': answer('The part that Range names.', ['*/*']),
  '304': answer('If-None-Match names the file that is there.'),
  '416': answer('The range lies outside of the file.'),
};

/** Archives, which the route does not stream, are chosen by these. */
const OF_ARCHIVES = ['series', 'generationIds', 'batchId', 'withReal'];

/** What the route takes of a request: tables alone. */
function ofTables(body: { properties: Json }): { properties: Json } {
  const properties = Object.entries(body.properties)
    .filter(([name]) => !OF_ARCHIVES.includes(name))
    .map(([name, schema]) => [name, name === 'format' ? { ...(schema as Json), enum: TABLE_FORMATS } : schema]);
  return { ...body, properties: Object.fromEntries(properties) as Json };
}

/** How a parameter of the query is written that is no text in JSON. */
function asText(name: string, schema: Json) {
  if (name === 'columns' || name === 'variables') return { type: 'string', examples: ['grades,age'] };
  if (name === 'format' || name === 'cohortId' || name === 'cohortVersion') return schema;
  return { type: 'string', contentMediaType: 'application/json', contentSchema: schema };
}

/** As a Parquet file and the manifest of an export have it, too. */
const DICTIONARY: Json = {
  type: 'object',
  required: ['osteograph', 'format', 'filter', 'cohorts', 'columns', 'missingCodes'],
  properties: {
    filter: { description: 'As it was asked for.', type: ['object', 'null'] },
    cohorts: { type: 'array', items: { type: 'object' } },
    columns: {
      type: 'array',
      items: {
        type: 'object',
        required: [
          'name',
          'group',
          'type',
          'owner',
          'description',
          'unit',
          'range',
          'codes',
          'nullable',
          'missing',
          'readAs',
        ],
        properties: {
          name: { type: 'string' },
          type: { enum: ['text', 'integer', 'real', 'boolean', 'date'] },
          unit: { type: ['string', 'null'] },
          codes: { description: 'Meanings of the values of a coded column.', type: ['object', 'null'] },
          missing: { description: 'Name of the column that says why a value is missing.', type: ['string', 'null'] },
          readAs: { description: 'Types to ask for in pandas, DuckDB and readr.', type: 'object' },
        },
      },
    },
    missingCodes: { description: "OAI's codes of why a value is missing.", type: 'object' },
  },
};

/** Fields of the GraphQL type of the same name. */
const UPLOAD: Json = {
  type: 'object',
  description: 'The fields of the GraphQL type UploadedRadiograph.',
  required: ['id', 'rows', 'columns', 'knees', 'warnings', 'createdAt', 'expiresAt', 'image'],
  properties: {
    id: { type: 'string', description: 'What generateMri takes as uploadId.' },
    rows: { type: 'integer' },
    columns: { type: 'integer' },
    warnings: { type: 'array', items: { type: 'string' } },
    createdAt: { type: 'string', format: 'date-time' },
    expiresAt: { type: 'string', format: 'date-time' },
    image: {
      type: 'object',
      properties: { url: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
    },
  },
};

/** Fields of the GraphQL type of the same name. */
const MASK: Json = {
  type: 'object',
  description: 'The fields of the GraphQL type UploadedMask.',
  required: ['id', 'columns', 'rows', 'slices', 'hiddenVoxels', 'createdAt', 'expiresAt', 'volume'],
  properties: {
    id: { type: 'string', description: 'What inpaintSeries takes as maskUploadId.' },
    columns: { type: 'integer' },
    rows: { type: 'integer' },
    slices: { type: 'integer' },
    hiddenVoxels: { type: 'integer', description: 'How many are above 0.' },
    createdAt: { type: 'string', format: 'date-time' },
    expiresAt: { type: 'string', format: 'date-time' },
    volume: {
      type: 'object',
      properties: { url: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
    },
  },
};
