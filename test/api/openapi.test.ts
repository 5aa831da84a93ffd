import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import express from 'express';
import { packageRoot } from '../../src/domain/package.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: { Errors: object } };
}

type Router = object;

interface Routes {
  routes: { router: Router; path: string | string[]; route: { methods: Record<string, boolean> } }[];
  mounts: { router: Router; path: string[]; handlers: unknown[] }[];
}

let api: TestServer;
/** What the server asked of express while it started. */
let made: Routes;
let served: OpenApi;

beforeAll(async () => {
  const recorded = recordRoutes();
  api = await startTestServer();
  made = recorded.stop();
  served = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApi;
});

afterAll(() => api.close());

/** Notes every route and every mount from now on. */
function recordRoutes(): { stop(): Routes } {
  const prototype = express.Router.prototype as unknown as {
    route: (path: string | string[]) => Routes['routes'][number]['route'];
    use: (...args: unknown[]) => unknown;
  };
  const { route, use } = prototype;
  const noted: Routes = { routes: [], mounts: [] };
  prototype.route = function (this: Router, path) {
    const made = route.call(this, path);
    noted.routes.push({ router: this, path, route: made });
    return made;
  };
  prototype.use = function (this: Router, ...args) {
    const [path] = args;
    if (typeof path === 'string' || Array.isArray(path)) {
      noted.mounts.push({ router: this, path: [path].flat() as string[], handlers: args.slice(1) });
    }
    return use.apply(this, args);
  };
  return {
    stop() {
      Object.assign(prototype, { route, use });
      return noted;
    },
  };
}

/** Where a router's own paths begin; empty for the application's. */
function rootOf(router: Router): string {
  return made.mounts.find(({ handlers }) => handlers.includes(router))?.path[0]!.replace(/\/$/, '') ?? '';
}

function operationsOf({ paths }: OpenApi): string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test('the document is valid OpenAPI 3.1, and each operation has a name of its own', async () => {
  const names = Object.values(served.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );

  expect(served.openapi).toBe('3.1.0');
  expect(await new Validator().validate({ ...served })).toEqual({ valid: true });
  expect(new Set(names).size).toBe(names.length);
});

test('it has every route of the server, and beside them GraphQL alone', () => {
  const routes = made.routes.flatMap(({ router, path, route }) =>
    [path]
      .flat()
      .flatMap((one) =>
        Object.keys(route.methods).map(
          (method) => `${method.toUpperCase()} ${rootOf(router)}${one.replaceAll(/:(\w+)/g, '{$1}')}`,
        ),
      ),
  );
  const documented = operationsOf(served);

  expect(routes.length).toBeGreaterThan(20);
  expect(routes.filter((route) => !documented.includes(route))).toEqual([]);
  expect(documented.filter((operation) => !routes.includes(operation))).toEqual(['GET /graphql', 'POST /graphql']);
});

test('nothing is mounted that it does not speak of', () => {
  const mounted = [...new Set(made.mounts.flatMap(({ path }) => path))].filter((path) => path !== '/');
  const paths = Object.keys(served.paths);

  expect(mounted.toSorted()).toEqual(['/assets', '/dicomweb', '/exports', '/graphql', '/masks', '/radiographs']);
  expect(mounted.filter((path) => !paths.some((one) => one === path || one.startsWith(`${path}/`)))).toEqual([]);
});

test('what is served is what is committed', () => {
  expect(served).toEqual(JSON.parse(readFileSync(join(packageRoot, 'openapi.json'), 'utf8')));
});

test.each([
  ['GET', '/exports', 401],
  ['POST', '/exports', 401],
  ['POST', '/exports/dictionary', 401],
  ['POST', '/radiographs', 401],
  ['POST', '/masks', 401],
  ['GET', `/assets/${'0'.repeat(64)}`, 403],
  ['GET', '/assets/series/1/montage.png', 403],
  ['GET', '/dicomweb/studies', 401],
])('%s %s without a right is refused with a status and a body that it has', async (method, address, status) => {
  const response = await fetch(api.url + address, { method });
  const path = Object.keys(served.paths).find((one) =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(address),
  )!;

  expect(response.status).toBe(status);
  expect(served.paths[path]![method.toLowerCase()]!.responses).toHaveProperty(String(status));
  expect(new Ajv2020().validate(served.components.schemas.Errors, await response.json())).toBe(true);
});

test('a body that its schema of exports takes is taken, and one that it does not is refused', async () => {
  const body = served.paths['/exports']!['post'] as unknown as {
    requestBody: { content: { 'application/json': { schema: object } } };
  };
  const validate = new Ajv2020({ strict: false }).compile(body.requestBody.content['application/json'].schema);
  const statusOf = async (json: object) =>
    (
      await fetch(`${api.url}/exports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
        body: JSON.stringify(json),
      })
    ).status;
  const bodies = [
    { format: 'NDJSON', columns: ['age'], where: { kl: { gte: 2 } } },
    { asOf: { visits: ['V06'] } },
    { format: 'PDF' },
    { where: 'kl' },
    { colums: ['age'] },
  ];

  expect(bodies.map((json) => validate(json))).toEqual([true, true, false, false, false]);
  expect(await Promise.all(bodies.map(statusOf))).toEqual([200, 200, 400, 400, 400]);
});
