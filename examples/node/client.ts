import { print } from 'graphql';
import { initGraphQLTada, type TadaDocumentNode } from 'gql.tada';
import type { introspection } from './graphql-env.d.ts';

/** Where the server is, and who asks. */
export const url = process.env['OSTEOGRAPH_URL'] ?? 'http://127.0.0.1:4000';
export const headers = { authorization: `Bearer ${process.env['OSTEOGRAPH_TOKEN'] ?? ''}` };

/**
 * Writes a GraphQL document whose result and variables TypeScript knows, from the schema in graphql-env.d.ts: a misspelt field
 * is an error in the editor.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { Date: string; DateTime: string; BigInt: number; JSONObject: Record<string, unknown> };
}>();

/** Runs a query or a mutation. */
export async function ask<Result, Variables>(
  document: TadaDocumentNode<Result, Variables>,
  ...[variables]: Record<string, never> extends Variables ? [] : [Variables]
): Promise<Result> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (errors?.[0] || !data) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status}`);
  return data;
}
