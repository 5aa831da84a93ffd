import { UserError } from '../../domain/errors.js';
import { type KneeNumber, numberName } from '../../domain/knee-numbers.js';
import { numberSql } from '../numbers/index.js';
import type { Dimension } from './facets.js';

/** A number to group by: by its exact values, or by bands between edges. */
export interface BandedNumber {
  number: KneeNumber;
  /** Each band takes its lower edge in; the first and the last band are open. */
  edges?: readonly number[] | null | undefined;
}

/** Most edges of one number. */
const MAX_EDGES = 50;

/**
 * The dimension of a number.
 *
 * @param fresh begins aliases that nothing else uses
 * @throws UserError BAD_USER_INPUT for edges that are none, and for slopes without edges: hardly two knees have the same
 */
export function numberDimension({ number, edges }: BandedNumber, fresh: string): Dimension {
  const name = numberName(number);
  if (edges) checkEdges(name, edges);
  else if (number.over?.kind === 'SLOPE') {
    throw new UserError('BAD_USER_INPUT', `numbers: ${name} needs edges; hardly two knees have the same slope.`);
  }
  return {
    facet: null,
    variable: name,
    sql: (scope) => {
      const { joins, number: value } = numberSql(number, scope.alias, fresh);
      scope.attach(joins);
      // Text, because the driver gives numbers of some types as text and of others not.
      return edges ? `width_bucket(${value}, ARRAY[${edges.join(', ')}]::double precision[])` : `(${value})::text`;
    },
    read: (key) => ({ value: edges ? bandName(edges, Number(key)) : String(Number(key)) }),
    rank: (value) => (edges ? bandNames(edges).indexOf(value) : Number(value)),
  };
}

function checkEdges(name: string, edges: readonly number[]): void {
  if (edges.length < 1 || edges.length > MAX_EDGES) {
    throw new UserError('BAD_USER_INPUT', `numbers: ${name} takes 1 to ${MAX_EDGES} edges, got ${edges.length}.`);
  }
  const wrong = edges.find((edge, index) => !(index === 0 || edge > edges[index - 1]!));
  if (wrong !== undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `numbers: edges of ${name} must each be greater than the one before, got ${wrong}.`,
    );
  }
}

function bandNames(edges: readonly number[]): string[] {
  return Array.from({ length: edges.length + 1 }, (_, band) => bandName(edges, band));
}

function bandName(edges: readonly number[], band: number): string {
  if (band === 0) return `below ${edges[0]!}`;
  return band === edges.length ? `${edges.at(-1)!} and above` : `${edges[band - 1]!} to below ${edges[band]!}`;
}
