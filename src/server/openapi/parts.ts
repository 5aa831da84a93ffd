import { STATUS } from '../errors.js';

/** JSON, as a JSON Schema or a part of an OpenAPI document is. */
export type Json = Readonly<Record<string, unknown>>;

/** An operation as this document needs it. */
export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  parameters?: readonly Json[];
  requestBody?: Json;
  responses: Readonly<Record<string, Json>>;
  /** Default: a token, as the document says for all. */
  security?: readonly Json[];
}

/** Operations by method, of one path. */
export type PathItem = Partial<Record<'get' | 'post', Operation & { tags: readonly string[] }>>;

/** The operations of a path under the heading of the document they belong to. */
export function path(tag: string, operations: Partial<Record<'get' | 'post', Operation>>): PathItem {
  return Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [method, { tags: [tag], ...operation }]),
  );
}

/** What needs no token. */
export const OPEN: readonly Json[] = [];

export const TEXT: Json = { type: 'string' };

/** An answer of one of several media types; bytes unless a schema is given. */
export function answer(description: string, mediaTypes: readonly string[] = [], schema: Json = {}): Json {
  if (mediaTypes.length === 0) return { description };
  return { description, content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])) };
}

/** A parameter; one in the path is required. */
export function parameter(
  place: 'query' | 'path' | 'header',
  name: string,
  description: string,
  schema: Json = TEXT,
): Json {
  return { name, in: place, description, schema, ...(place === 'path' ? { required: true } : {}) };
}

/** Refusals, each with a sentence and a code. */
export function refusals(...statuses: readonly number[]): Record<string, Json> {
  return Object.fromEntries(statuses.map((status) => [String(status), { $ref: `#/components/responses/${status}` }]));
}

/** A response for every status that a refusal may have, with the codes it may carry. */
export function refusalResponses(): Record<string, Json> {
  const statuses = [...new Set(Object.values(STATUS))];
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = Object.entries(STATUS).flatMap(([code, of]) => (of === status ? [code] : []));
      const schema = { $ref: '#/components/schemas/Errors' };
      return [String(status), answer(`Refused: ${codes.join(', ')}.`, ['application/json'], schema)];
    }),
  );
}

/** How every refusal is written, GraphQL's as the others'. */
export const ERRORS: Json = {
  type: 'object',
  required: ['errors'],
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['message', 'extensions'],
        properties: {
          message: { type: 'string', description: 'A sentence for people.' },
          extensions: {
            type: 'object',
            required: ['code'],
            properties: { code: { type: 'string', description: 'Which kind of fault it is, such as NOT_FOUND.' } },
          },
        },
      },
    },
  },
};
