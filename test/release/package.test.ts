import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot, packageVersion } from '../../src/domain/package.js';
import { runProgram } from '../helpers/program.js';

interface Packed {
  size: number;
  files: { path: string; size: number; mode: number }[];
}

let packed: Packed;
let paths: string[];

beforeAll(async () => {
  // What npm would pack of the build that there is; `npm run test:package` packs, installs and runs it.
  const said = await npm(['pack', '--dry-run', '--ignore-scripts', '--json']);
  [packed] = Object.values(JSON.parse(said) as Record<string, Packed>) as [Packed];
  paths = packed.files.map(({ path }) => path);
});

test('everything that is released has one version', async () => {
  const places: Record<string, RegExp> = {
    'package-lock.json': /^ {2}"version": "(.*)"/gm,
    'CITATION.cff': /^version: (.*)/gm,
    'deploy/docker-compose.yml': /image: osteograph:([\d.]+)/g,
    'deploy/helm/osteograph/Chart.yaml': /^(?:appV|v)ersion: (.*)/gm,
    'deploy/helm/osteograph/values.yaml': /tag: ([\d.]+)-cuda/g,
    'clients/typescript/package.json': /^ {2}"version": "(.*)"/gm,
    'clients/r/DESCRIPTION': /^Version: (.*)/gm,
    'clients/python/pyproject.toml': /^version = "(.*)"/gm,
    'training/pyproject.toml': /^version = "(.*)"/gm,
  };
  for (const [path, pattern] of Object.entries(places)) {
    const found = [...(await readFile(join(packageRoot, path), 'utf8')).matchAll(pattern)].map(
      ([, version]) => version,
    );
    expect([path, [...new Set(found)]]).toEqual([path, [packageVersion]]);
  }
});

test('the package has what it runs: the program, migrations, the web app with GraphiQL, and the models', () => {
  expect(paths).toEqual(
    expect.arrayContaining([
      'dist/src/cli/main.js',
      'dist/migrations/index.js',
      'dist/web/index.html',
      'dist/web/graphiql.html',
      'dist/web/licenses.json',
      'models/knee-xray2mri-demo/1.1.0/denoiser.onnx',
      'models/knee-detector/2.0.0/bundle.json',
      'schema.graphql',
      'scripts/keep-own-onnxruntime.js',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]),
  );
});

test('the package has no tests, benchmarks, training code or sources, and nothing of a machine', () => {
  const allowed =
    /^(dist\/(src|migrations|web)\/|models\/|(schema\.graphql|scripts\/keep-own-onnxruntime\.js)$|[A-Z]+(\.md)?$|package\.json$)/;

  expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
  expect(paths.filter((path) => /\.(ts|tsx|py)$|\.test\.|\.built-/.test(path))).toEqual([]);
});

test('the package is smaller than 55 MB', () => {
  expect(packed.size).toBeLessThan(55_000_000);
  expect(packed.size).toBeGreaterThan(20_000_000);
});

test('every file that a bundle names is in the package', async () => {
  for (const path of paths.filter((one) => /^models\/.*\/bundle\.json$/.test(one))) {
    for (const [file] of (await readFile(join(packageRoot, path), 'utf8')).matchAll(/[\w-]+\.onnx/g)) {
      expect(paths).toContain(path.replace('bundle.json', file));
    }
  }
});

test('the bill of materials has every package of an installation and of the web app', async () => {
  const said = await npm(['run', 'sbom']);
  const bill = JSON.parse(await readFile(join(packageRoot, 'sbom.json'), 'utf8')) as {
    bomFormat: string;
    metadata: { component: { name: string; version: string; type: string } };
    components: { name: string; version: string; purl: string }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  const listed = bill.components.map(({ name, version }) => `${name}@${version}`);

  expect(said).toMatch(/Wrote sbom\.json: osteograph \S+ with \d+ components\./);
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'osteograph', type: 'application' } },
  });
  expect(new Set(listed).size).toBe(listed.length);
  // The tree as npm walks it, which knows nothing of the marks in the lock file that the bill is made by.
  const tree = JSON.parse(await npm(['ls', '--all', '--omit=dev', '--package-lock-only', '--json'])) as Tree;
  const installed = [...namesIn(tree)];
  expect(installed.length).toBeGreaterThan(400);
  expect(installed).toEqual(
    expect.arrayContaining([expect.stringMatching(/^graphql@16/), expect.stringMatching(/^ws@8/)]),
  );
  expect(installed.filter((one) => !listed.includes(one))).toEqual([]);
  // In the web app, and no dependency of the program.
  expect(listed).toEqual(
    expect.arrayContaining([expect.stringMatching(/^react@19/), expect.stringMatching(/^graphiql@5/)]),
  );
  expect(listed.filter((one) => /^(jest|eslint|typescript|playwright-core)@/.test(one))).toEqual([]);
  for (const { dependsOn } of bill.dependencies) {
    for (const ref of dependsOn) expect(listed).toContain(ref);
  }
});

test('the licences of what is bundled in the web app come with it', async () => {
  const entries = JSON.parse(await readFile(join(packageRoot, 'dist/web/licenses.json'), 'utf8')) as {
    name: string;
    identifier: string | null;
  }[];

  expect(entries.filter(({ identifier }) => !identifier)).toEqual([]);
  expect(existsSync(join(packageRoot, 'LICENSE'))).toBe(true);
});

/** npm in this checkout, and what it prints. */
function npm(args: readonly string[]): Promise<string> {
  return runProgram('npm', args, { npm_config_loglevel: 'error' }, packageRoot);
}

interface Tree {
  dependencies?: Record<string, Tree & { version?: string }>;
}

function* namesIn({ dependencies = {} }: Tree): Generator<string> {
  for (const [name, entry] of Object.entries(dependencies)) {
    if (entry.version) yield `${name}@${entry.version}`;
    yield* namesIn(entry);
  }
}
