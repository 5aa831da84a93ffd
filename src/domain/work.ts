/** How often work may be started, from its request or its last retry on, before it is given up as poison. */
export const MAX_ATTEMPTS = 5;

/** SQL of a check that a state is one of these. */
export function stateCheck(states: readonly string[]): string {
  return `state IN (${states.map((state) => `'${state}'`).join(', ')})`;
}
