import { coerceInputValue, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import type { GraphQLError, GraphQLInputType, GraphQLSchema } from 'graphql';
import { UserError } from '../domain/errors.js';
import { assertJsonConditions } from './filter-conditions.js';

/**
 * A stored filter as a caller would write it: the names of enum values instead of what is stored for them, days without a time.
 * What the type does not know (any more) stays as it is.
 */
export function filterAsJson(schema: GraphQLSchema, type: string, filter: unknown): Record<string, unknown> {
  return written(schema.getType(type) as GraphQLInputType | undefined, filter) as Record<string, unknown>;
}

/**
 * A filter from JSON as a caller writes it, e.g. from a file, checked as the API would.
 *
 * @throws UserError BAD_USER_INPUT with the place and what is wrong with it.
 */
export function filterFromJson(schema: GraphQLSchema, type: string, json: unknown): object {
  const input = schema.getType(type) as GraphQLInputType;
  const filter = coerceInputValue(json, input, (path, _value, error: GraphQLError) => {
    const place = ['filter', ...path].map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    throw new UserError('BAD_USER_INPUT', `${place.slice(1)}: ${error.message}`);
  }) as object;
  assertJsonConditions(input, json);
  return filter;
}

function written(type: GraphQLInputType | undefined, value: unknown): unknown {
  if (type === undefined || value === null || value === undefined) return value;
  if (isNonNullType(type)) return written(type.ofType as GraphQLInputType, value);
  if (isListType(type)) {
    const { ofType } = type as { ofType: GraphQLInputType };
    return Array.isArray(value) ? value.map((part) => written(ofType, part)) : value;
  }
  if (isInputObjectType(type)) {
    if (typeof value !== 'object') return value;
    const fields = type.getFields();
    return Object.fromEntries(
      Object.entries(value).map(([name, part]: [string, unknown]) => [name, written(fields[name]?.type, part)]),
    );
  }
  if (isEnumType(type)) return type.getValues().find((known) => known.value === value)?.name ?? value;
  return type.name === 'Date' && typeof value === 'string' ? value.slice(0, 10) : value;
}
