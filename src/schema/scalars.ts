import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLSafeInt } from 'graphql-scalars';

/** A moment. The library's own name says how the server writes it, which is no business of a client. */
export const DateTime = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description:
    'A moment in UTC, such as 2026-03-01T10:15:30.000Z (RFC 3339). An offset is taken too, and turned into UTC.',
});

/** A whole number that may not fit into the 32 bits of Int: sizes of files and of memory. */
export const LargeInt = new GraphQLScalarType({
  ...GraphQLSafeInt.toConfig(),
  name: 'BigInt',
  description: 'A whole number, exact from -(2^53 - 1) to 2^53 - 1; a plain number in JSON.',
});
