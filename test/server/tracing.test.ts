import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { encodeId } from '../../src/domain/global-ids.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { type ServeProcess, startServeOf } from '../helpers/serve-process.js';

/** What a collector is sent, as far as it is looked at here. */
interface Span {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Record<string, unknown>;
}

let platform: TestPlatform;
let collector: Server;
let serve: ServeProcess;
const spans: Span[] = [];

beforeAll(async () => {
  platform = await createTestPlatform();
  collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url === '/v1/traces') receive(JSON.parse(body) as Export);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  serve = await startServeOf(platform, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
});

afterAll(async () => {
  await serve?.end();
  collector.close();
  collector.closeAllConnections();
  await platform.close();
});

test('one trace leads from the mutation of a caller to each slice of its worker', async () => {
  const { exam } = await createExam(platform, { mri: true });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const response = await fetch(`${serve.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${serve.token}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify({
      query: 'mutation Make($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }',
      variables: { input: { examId: encodeId('KneeExam', exam.id), sliceCount: 4, steps: 3, seed: 1 } },
    }),
  });
  expect(await response.json()).not.toHaveProperty('errors');
  // Its end is when the worker sends what it has; the server's own are sent when that ends.
  await untilSucceeded();
  serve.process.kill('SIGTERM');
  await once(serve.process, 'close');

  const trace = spans.filter((span) => span.traceId === traceId);
  const mutation = trace.find(({ name }) => name === 'mutation Make')!;
  const attempt = trace.find(({ name }) => name === 'attempt')!;
  expect(mutation).toMatchObject({ service: 'osteograph serve', parentSpanId: '00f067aa0ba902b7' });
  expect(attempt).toMatchObject({ service: 'osteograph worker', parentSpanId: mutation.spanId });
  expect(attempt.attributes).toMatchObject({ 'osteograph.attempt': 1, 'osteograph.outcome': 'SUCCEEDED' });
  const parts = trace.filter(({ parentSpanId }) => parentSpanId === attempt.spanId).map(({ name }) => name);
  expect(countsOf(parts)).toEqual({
    claim: 1,
    load: 1,
    inputs: 1,
    encode: 1,
    'denoise step': 3,
    decode: 1,
    metrics: 4,
    store: 4,
    assemble: 1,
  });
  expect(trace).toHaveLength(2 + parts.length);
});

async function untilSucceeded(): Promise<void> {
  for (;;) {
    const [row] = (await platform.dataSource.query('SELECT state, error FROM generation')) as {
      state: string;
      error: string | null;
    }[];
    if (row?.state === 'SUCCEEDED') return;
    if (row?.error) throw new Error(row.error);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number };
}

interface Export {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: (Omit<Span, 'service' | 'attributes'> & { attributes: Attribute[] })[] }[];
  }[];
}

function receive({ resourceSpans }: Export): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = String(valuesOf(resource.attributes)['service.name']);
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({ ...span, service, attributes: valuesOf(span.attributes) });
    }
  }
}

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}
