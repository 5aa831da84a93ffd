import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot } from '../../src/domain/package.js';
import { type ClientProject, createClientProject } from '../helpers/client-project.js';
import { type Line, openLine } from '../helpers/line.js';
import { loggedRun } from '../helpers/logged-run.js';
import { runProgram } from '../helpers/program.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let line: Line;
let client: ClientProject;
let project: string;

beforeAll(async () => {
  api = await startTestServer();
  line = await openLine(Number(new URL(api.url).port));
  client = await createClientProject();
  project = client.folder;
  const guide = await readFile(join(packageRoot, 'docs/guides/frontend-developer.md'), 'utf8');
  await writeFile(join(project, 'follow.ts'), /^```ts\n(.*?)^```$/ms.exec(guide)![1]!);
});

afterAll(async () => {
  line.close();
  await api.close();
  await client.remove();
});

/** Runs the guide's program against the server, by the line; gives what it printed and how it ended. */
function followed(id: string, token = api.tokens.READER, onLine: (text: string) => void = () => undefined) {
  const { promise, resolve } = Promise.withResolvers<{ lines: string[]; said: string; code: unknown }>();
  const env = { ...process.env, OSTEOGRAPH_URL: line.url, OSTEOGRAPH_TOKEN: token };
  const child = execFile(process.execPath, [join(project, 'follow.ts'), id], { env }, (error, stdout, stderr) =>
    resolve({ lines: stdout.trim().split('\n'), said: stderr.trim(), code: error ? error.code : 0 }),
  );
  child.stdout!.on('data', (text) => onLine(String(text)));
  return promise;
}

test('the package has its code, its types, its page and its licence, and nothing else', () => {
  expect(client.packed).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'dist/graphql-env.d.ts', 'dist/index.d.ts', 'dist/index.js']),
  );
  expect(
    client.packed.filter((path) => !/^(LICENSE|README\.md|package\.json|dist\/[a-z-]+(\.d\.ts|\.js))$/.test(path)),
  ).toEqual([]);
});

test('the guide’s program prints every event once, through two cuts, and ends', async () => {
  const run = await loggedRun(api);
  const cuts = [/^1 of 2/m, /^2 of 2/m];
  const ready = Promise.withResolvers<void>();
  const result = followed(run.id, undefined, (text) => {
    if (text.includes('RUNNING')) ready.resolve();
    if (cuts[0]?.test(text)) {
      cuts.shift();
      line.cut();
    }
  });
  await ready.promise;
  await run.slice(0);
  await run.slice(1);
  for (let step = 1; step <= 20; step++) await run.step(step);
  await run.succeed();
  const { lines, said, code } = await result;

  expect([said, code]).toEqual(['', 0]);
  expect(lines.map((text) => text.replace(/; .*/, ''))).toEqual([
    'QUEUED',
    'RUNNING',
    '1 of 2 slices',
    '2 of 2 slices',
    'SUCCEEDED',
  ]);
});

test('the guide’s program ends with the error where the id is unknown or the token wrong', async () => {
  const unknown = encodeId('Generation', 'd0a3c090-252d-4719-93af-1c675756712b');
  const run = await loggedRun(api);

  expect(await followed(unknown)).toMatchObject({ code: 1, said: expect.stringMatching(/^NOT_FOUND: /) });
  expect(await followed(run.id, 'osteo_wrong')).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^UNAUTHENTICATED: /),
  });
});

test('the guide’s program goes on where a proxy blocks WebSocket', async () => {
  const run = await loggedRun(api);
  await run.slice(0);
  await run.succeed();
  line.block(/upgrade: websocket/i);
  const { lines, code } = await followed(run.id);
  line.block(undefined);

  expect(code).toBe(0);
  expect(lines).toHaveLength(4);
});

test('the packed types know the schema: a misspelt field or a wrong variable is an error', async () => {
  await writeFile(
    join(project, 'types.ts'),
    `import { connect, graphql } from '@osteograph/client';
const osteograph = connect({ url: 'http://127.0.0.1:4000', token: '' });
const exam = graphql('query ($id: ID!) { kneeExam: node(id: $id) { id } }');
const { kneeExam } = await osteograph.ask(exam, { id: 'x' });
export const id: string | undefined = kneeExam?.id;
// @ts-expect-error the variable is missing
await osteograph.ask(exam);
// @ts-expect-error a number is no id's field
export const kl: number | undefined = kneeExam?.kl;
const misspelt = graphql('{ viewer { nme } }');
// @ts-expect-error there is no such field
export const name: string = (await osteograph.ask(misspelt)).viewer.nme;
for await (const event of osteograph.follow('batch', 'x')) {
  if (event.__typename === 'BatchGenerationFinished') export_(event.outcome);
}
function export_(outcome: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED'): void {
  void outcome;
}
`,
  );

  expect(await client.check('types.ts', 'follow.ts')).toBe('');
});

test('what a browser loads of it, beside graphql-ws, is less than 10 kB, event streams included', async () => {
  await writeFile(join(project, 'entry.js'), `export * from '@osteograph/client';`);
  await writeFile(join(project, 'bundle.js'), BUNDLE);
  await runProgram(process.execPath, ['bundle.js'], {}, project);
  const folder = join(project, 'out');
  const codes = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file))));
  const bytes = codes.map((code) => gzipSync(code, { level: 9 }).length).reduce((sum, size) => sum + size);

  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThan(10_000);
});

// As a library: what Vite adds to load the parts of an app, some 700 bytes, is the app's and not the package's.
const BUNDLE = `
import { build } from 'vite';
const lib = { entry: 'entry.js', formats: ['es'] };
const rolldownOptions = { external: ['graphql-ws'], output: { minify: true } };
await build({ logLevel: 'silent', publicDir: false, build: { outDir: 'out', lib, rolldownOptions } });
`;
