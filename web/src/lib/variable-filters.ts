import type { Filter } from './filters.ts';

/** A condition on a variable by its name. */
export type VariableCondition = { name: string } & Filter;

/** Conditions of a filter on named variables; one that stands alone is a list of one. */
export function variableConditions(filter: Filter): VariableCondition[] {
  const given = filter['variables'];
  if (given === undefined || given === null) return [];
  return (Array.isArray(given) ? given : [given]) as VariableCondition[];
}

/** The filter without conditions on one variable, as its own counts are made. */
export function withoutVariable(filter: Filter, name: string): Filter {
  const { variables: _gone, ...rest } = filter;
  const left = variableConditions(filter).filter((condition) => condition.name !== name);
  return left.length > 0 ? { ...rest, variables: left } : rest;
}

/** The filter with this as its only condition on the variable, or without it where it was that already. */
export function toggleCondition(filter: Filter, condition: VariableCondition): Filter {
  const { name } = condition;
  const rest = withoutVariable(filter, name);
  if (isChosen(filter, condition)) return rest;
  return { ...rest, variables: [...variableConditions(rest), condition] };
}

export function isChosen(filter: Filter, condition: VariableCondition): boolean {
  const own = variableConditions(filter).filter(({ name }) => name === condition.name);
  return own.length === 1 && JSON.stringify(own[0]) === JSON.stringify(condition);
}

/**
 * Edges of bands as somebody types them: "20, 40, 60".
 *
 * @returns null for none, undefined for what are no edges
 */
export function parseEdges(text: string): number[] | null | undefined {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  if (parts.length === 0) return null;
  const edges = parts.map(Number);
  return edges.every((edge, index) => Number.isFinite(edge) && (index === 0 || edge > edges[index - 1]!))
    ? edges
    : undefined;
}

/** The condition of each band between edges, in the order in which the API counts them. */
export function bandConditions(
  name: string,
  edges: readonly number[],
): { label: string; condition: VariableCondition }[] {
  const band = (index: number): { label: string; condition: VariableCondition } => {
    const [from, below] = [edges[index - 1], edges[index]];
    if (from === undefined) return { label: `below ${below}`, condition: { name, lt: below } };
    if (below === undefined) return { label: `${from} and above`, condition: { name, gte: from } };
    return { label: `${from} to below ${below}`, condition: { name, gte: from, lt: below } };
  };
  return Array.from({ length: edges.length + 1 }, (_, index) => band(index));
}
