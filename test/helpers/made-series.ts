import type { TestServer } from './server.js';

/** What a generation from an MRI series is asked for in these tests. */
export interface MadeFromSeries {
  id: string;
  error: string | null;
  outputs: { kind: string; url: string }[];
}

/** A line of its log. */
export interface SeriesProgress {
  __typename: string;
  seq: number;
  step?: number;
  steps?: number;
  index?: number;
  total?: number;
  fraction?: number;
}

const FIELDS = `id state task error side steps seed parameters provenance device denoiserEvaluations
  exam { id } radiograph { id } sourceSeries { id } mriSeries { id }
  outputs { kind rows columns url file { mediaType } }`;

/** Its log, to its end. */
export async function followMade(api: TestServer, id: string): Promise<SeriesProgress[]> {
  const query = `subscription ($id: ID!) { generationProgress(id: $id) { __typename seq
    ... on GenerationTileCompleted { step steps index total fraction } } }`;
  const events: SeriesProgress[] = [];
  for await (const { data } of api.socketClient(api.tokens.OPERATOR).iterate({ query, variables: { id } })) {
    if (data) events.push((data as unknown as { generationProgress: SeriesProgress }).generationProgress);
  }
  return events;
}

/** Follows it to its end, and asks for what came of it. */
export async function madeFromSeries(
  api: TestServer,
  id: string,
): Promise<{ made: MadeFromSeries; events: SeriesProgress[] }> {
  const events = await followMade(api, id);
  const query = `query ($id: ID!) { generation(id: $id) { ${FIELDS} } }`;
  const answer = await api.ask<{ generation: MadeFromSeries }>(query, { id }, api.tokens.OPERATOR);
  return { made: answer.data!.generation, events };
}

/** The bytes of one of its files. */
export async function bytesOf(api: TestServer, { outputs }: MadeFromSeries, kind: string): Promise<Buffer> {
  const { url } = outputs.find((output) => output.kind === kind)!;
  return Buffer.from(await (await fetch(api.url + url)).arrayBuffer());
}
