import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './graphql-env.d.ts';

interface Setup {
  introspection: introspection;
  disableMasking: true;
  scalars: { Date: string; DateTime: string; BigInt: number; JSONObject: Record<string, unknown> };
}

/**
 * Writes a GraphQL document whose result and variables TypeScript knows, from the server's schema: a misspelt field is an error in
 * the editor.
 */
export const graphql: initGraphQLTada<Setup> = initGraphQLTada<Setup>();

export type { FragmentOf, ResultOf, TadaDocumentNode, VariablesOf } from 'gql.tada';
