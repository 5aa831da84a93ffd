import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';
import { packageRoot } from '../../src/domain/package.js';
import { createTestDatabase } from '../helpers/database.js';
import { parseArguments, typeErrors } from '../helpers/deploy.js';
import { pythonWith } from '../helpers/python.js';

const CHART = join(packageRoot, 'deploy/helm/osteograph');
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Every kind of Kubernetes' and KEDA's that may occur, with its validator and the module of its type. */
const KINDS = {
  ConfigMap: [ConfigMap, 'kubernetes-models/v1'],
  Service: [Service, 'kubernetes-models/v1'],
  Deployment: [Deployment, 'kubernetes-models/apps/v1'],
  HorizontalPodAutoscaler: [HorizontalPodAutoscaler, 'kubernetes-models/autoscaling/v2'],
  Job: [Job, 'kubernetes-models/batch/v1'],
  Ingress: [Ingress, 'kubernetes-models/networking.k8s.io/v1'],
  NetworkPolicy: [NetworkPolicy, 'kubernetes-models/networking.k8s.io/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'kubernetes-models/policy/v1'],
  ScaledObject: [ScaledObject, '@kubernetes-models/keda/keda.sh/v1alpha1'],
  TriggerAuthentication: [TriggerAuthentication, '@kubernetes-models/keda/keda.sh/v1alpha1'],
} as const;

interface Container {
  image: string;
  args: string[];
  ports?: { name: string; containerPort: number }[];
  env: { valueFrom: { secretKeyRef: { name: string; key: string } } }[];
  volumeMounts: { name: string }[];
  securityContext: object;
  resources: { requests: object; limits: object };
  [probe: `${string}Probe`]: { httpGet: { path: string; port: string } } | undefined;
}

interface Volume {
  name: string;
  emptyDir: { sizeLimit: string };
}

interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  data?: Record<string, string>;
  spec?: {
    replicas?: number;
    selector?: { matchLabels?: object };
    template?: {
      metadata: { labels: object };
      spec: { containers: Container[]; securityContext: object; volumes: Volume[] };
    };
    triggers?: { metadata: { query: string } }[];
    groups?: object;
  };
}

interface Rendered {
  helm: string;
  messages: { severity: number; error: string }[];
  manifests?: Record<string, string>;
  error?: string;
}

/** All that can be switched on, with values that differ from the chart's. */
const EVERYTHING = {
  image: { repository: 'registry.example.org/osteograph', digest: DIGEST },
  imagePullSecrets: [{ name: 'registry' }],
  secretName: 'lab-secrets',
  config: {
    retention: 'events=90d,audit=2y',
    rateLimit: 500000,
    oidc: { issuer: 'https://id.example.org', clientId: 'osteograph', roleMap: 'radiology=READER,admins=ADMIN' },
    webhooks: { allowHosts: ['hooks.internal', '10.0.0.7:9000'], allowHttp: true },
  },
  api: { autoscaling: { enabled: true }, nodeSelector: { disk: 'ssd' }, tmpSizeLimit: '20Gi' },
  worker: { device: 'cpu', image: { tag: '' }, keda: { enabled: true, generationsPerWorker: 4 } },
  ingress: {
    enabled: true,
    className: 'nginx',
    host: 'knees.example.org',
    tlsSecretName: 'knees-tls',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' },
  },
  networkPolicy: {
    apiFrom: [{ namespaceSelector: { matchLabels: { team: 'ingress' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }],
    egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 5432, protocol: 'TCP' }] }],
  },
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true },
};

const python = pythonWith(['helm_python']);
if (!python) console.warn('No Python with helm-python-sdk was found, so that the chart is not rendered.');
const withHelm = python ? test : test.skip;

let plain: Manifest[];
let everything: Manifest[];

beforeAll(() => {
  if (!python) return;
  plain = manifestsOf(rendered({}));
  everything = manifestsOf(rendered(EVERYTHING));
});

withHelm("Helm's linter finds nothing to complain of", () => {
  for (const values of [{}, EVERYTHING]) {
    const { helm, messages } = rendered(values);
    expect(helm).toMatch(/^v4\./);
    // 1 is for information: a chart may have an icon.
    expect(messages.filter(({ severity }) => severity > 1)).toEqual([]);
  }
});

withHelm('without values the chart makes the API, workers, their settings, and nothing that needs an operator', () => {
  expect(namesOf(plain)).toEqual([
    'ConfigMap osteograph',
    'Deployment osteograph-api',
    'Deployment osteograph-worker',
    'Job osteograph-migrate',
    'NetworkPolicy osteograph-api',
    'NetworkPolicy osteograph-migrate',
    'NetworkPolicy osteograph-worker',
    'PodDisruptionBudget osteograph-api',
    'PodDisruptionBudget osteograph-worker',
    'Service osteograph-api',
  ]);
});

withHelm('with everything on it makes Ingress, scaling and monitoring, too', () => {
  expect(namesOf(everything).filter((name) => !namesOf(plain).includes(name))).toEqual([
    'HorizontalPodAutoscaler osteograph-api',
    'Ingress osteograph',
    'PodMonitor osteograph-api',
    'PodMonitor osteograph-worker',
    'PrometheusRule osteograph',
    'ScaledObject osteograph-worker',
    'TriggerAuthentication osteograph-worker',
  ]);
});

withHelm('the manifests keep to the schemas of Kubernetes and KEDA', () => {
  for (const { kind, ...manifest } of known()) new KINDS[kind][0]({ kind, ...manifest } as never).validate();
});

withHelm('no manifest has a field that Kubernetes does not know', () => {
  // The schemas take any; the types that are made from them do not.
  const source = known().map((manifest, index) => {
    const [, module] = KINDS[manifest.kind];
    return `import type { I${manifest.kind} as T${index} } from '${module}';\nexport const m${index}: T${index} = ${JSON.stringify(manifest)};`;
  });
  expect(typeErrors(source.join('\n'))).toEqual([]);
  expect(typeErrors(source.join('\n').replace('"selector":', '"selectors":'))).not.toEqual([]);
});

withHelm('every container gives its command options that it takes', () => {
  const lines = [...plain, ...everything].flatMap(containersOf).map(({ args }) => args);

  expect(lines.map(([name]) => name).sort()).toEqual(['migrate', 'migrate', 'serve', 'serve', 'worker', 'worker']);
  for (const line of lines) parseArguments(line);
});

withHelm('no container runs as root, writes to its image, or goes without limits and probes', () => {
  for (const manifest of [...plain, ...everything]) {
    for (const container of containersOf(manifest)) {
      const { securityContext, volumes } = manifest.spec!.template!.spec;
      expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: expect.any(Object),
        limits: { memory: expect.any(String) },
      });
      for (const { emptyDir } of volumes) expect(emptyDir.sizeLimit).toMatch(/^\d+[MG]i$/);
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

withHelm('volumes, labels and secrets fit together, and the Secret of the README has every key', async () => {
  const readme = await readFile(join(CHART, 'README.md'), 'utf8');
  const made = [...readme.matchAll(/--from-literal=([\w-]+)=/g)].map(([, key]) => key);
  for (const manifest of everything) {
    const { template, selector } = manifest.spec ?? {};
    if (template && selector?.matchLabels) expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    for (const { volumeMounts, env } of containersOf(manifest)) {
      const volumes = template!.spec.volumes.map(({ name }) => name);
      expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
      for (const { valueFrom } of env) {
        expect(valueFrom.secretKeyRef.name).toBe('lab-secrets');
        expect(made).toContain(valueFrom.secretKeyRef.key);
      }
    }
  }
});

withHelm('the values that the README sets are such that the chart takes them', async () => {
  const readme = await readFile(join(CHART, 'README.md'), 'utf8');
  const set = [...readme.matchAll(/--set ([\w.]+)=('[^']+'|\S+)/g)].map(([, path, value]) => {
    const given = value!.replaceAll("'", '').replace(/sha256:\w+/, DIGEST);
    return path!.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), given) as object;
  });

  expect(set).toHaveLength(4);
  for (const values of set) expect(rendered(values).error).toBeUndefined();
});

withHelm('a digest wins over a tag, and settings reach the containers', () => {
  expect(imagesOf(plain)).toEqual(['osteograph:0.1.0', 'osteograph:0.1.0', 'osteograph:0.1.0-cuda']);
  const pinned = { worker: { image: { tag: 'any', digest: DIGEST } }, image: { digest: DIGEST } };
  expect(new Set(imagesOf(manifestsOf(rendered(pinned))))).toEqual(new Set([`osteograph@${DIGEST}`]));
  const ofProcessors = { worker: { device: 'cpu', image: { tag: '' } }, image: { digest: DIGEST } };
  expect(new Set(imagesOf(manifestsOf(rendered(ofProcessors))))).toEqual(new Set([`osteograph@${DIGEST}`]));
  expect(find(plain, 'ConfigMap', 'osteograph').data).toEqual({
    BLOB_URL: 's3://osteograph?region=eu-central-1',
    LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    OSTEOGRAPH_RATE_LIMIT: '10000000',
  });
  expect(find(everything, 'ConfigMap', 'osteograph').data).toMatchObject({
    OSTEOGRAPH_OIDC_ISSUER: 'https://id.example.org',
    OSTEOGRAPH_OIDC_CLIENT_ID: 'osteograph',
    OSTEOGRAPH_OIDC_ROLE_MAP: 'radiology=READER,admins=ADMIN',
    OSTEOGRAPH_WEBHOOK_ALLOW_HOST: 'hooks.internal,10.0.0.7:9000',
    OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: 'yes',
    OSTEOGRAPH_RETENTION: 'events=90d,audit=2y',
    OSTEOGRAPH_RATE_LIMIT: '500000',
  });
});

withHelm('what an autoscaler decides, no Deployment says', () => {
  expect(find(plain, 'Deployment', 'osteograph-api').spec!.replicas).toBe(2);
  expect(find(everything, 'Deployment', 'osteograph-api').spec!.replicas).toBeUndefined();
  expect(find(everything, 'Deployment', 'osteograph-worker').spec!.replicas).toBeUndefined();
  expect(find(everything, 'HorizontalPodAutoscaler', 'osteograph-api').spec).toMatchObject({
    scaleTargetRef: { kind: 'Deployment', name: 'osteograph-api' },
    minReplicas: 2,
    maxReplicas: 6,
  });
});

withHelm('one API pod alone has no budget that would keep its node from being drained', () => {
  const one = namesOf(manifestsOf(rendered({ api: { replicas: 1 } })));

  expect(one).toContain('Deployment osteograph-api');
  expect(one).not.toContain('PodDisruptionBudget osteograph-api');
});

withHelm('the Ingress has TLS and leads to the API', () => {
  expect(find(everything, 'Ingress', 'osteograph').spec).toEqual({
    ingressClassName: 'nginx',
    tls: [{ hosts: ['knees.example.org'], secretName: 'knees-tls' }],
    rules: [
      {
        host: 'knees.example.org',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: 'osteograph-api', port: { name: 'http' } } },
            },
          ],
        },
      },
    ],
  });
});

withHelm('network policies let in who is named, on one port, and out to what is named and to DNS', () => {
  expect(find(plain, 'NetworkPolicy', 'osteograph-worker').spec).toMatchObject({
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ port: 'metrics', protocol: 'TCP' }] }],
  });
  expect(find(plain, 'NetworkPolicy', 'osteograph-migrate').spec).not.toHaveProperty('ingress');
  expect(find(everything, 'NetworkPolicy', 'osteograph-api').spec).toMatchObject({
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        ports: [{ port: 'http', protocol: 'TCP' }],
        from: [{ namespaceSelector: { matchLabels: { team: 'ingress' } } }],
      },
    ],
    egress: [
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
      { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 5432, protocol: 'TCP' }] },
    ],
  });
  expect(namesOf(manifestsOf(rendered({ networkPolicy: { enabled: false } }))).join()).not.toContain('NetworkPolicy');
});

withHelm(
  'pods are scraped with the token under the names that the alerts know, which are those of the repository',
  async () => {
    expect(find(everything, 'PodMonitor', 'osteograph-api')).toMatchObject({
      metadata: { labels: { release: 'prometheus' } },
      spec: {
        podMetricsEndpoints: [
          {
            port: 'http',
            path: '/metrics',
            interval: '15s',
            authorization: { credentials: { name: 'lab-secrets', key: 'metrics-token' } },
            relabelings: [{ targetLabel: 'job', replacement: 'osteograph-api' }],
          },
        ],
      },
    });
    const alerts = parse(await readFile(join(packageRoot, 'deploy/monitoring/alerts.yml'), 'utf8')) as object;
    expect(find(everything, 'PrometheusRule', 'osteograph').spec).toEqual(alerts);
  },
);

withHelm('a release of another name has objects of its own', () => {
  const names = namesOf(manifestsOf(rendered({}, 'knees')));

  expect(names).toContain('Deployment knees-osteograph-api');
  expect(names.filter((name) => !name.includes(' knees-osteograph'))).toEqual([]);
});

withHelm.each([
  ['a misspelt value', { api: { replica: 3 } }, 'replica'],
  ['an Ingress without TLS', { ingress: { enabled: true, host: 'knees.example.org' } }, 'tlsSecretName'],
  ['a digest that is none', { image: { digest: 'sha256:abc' } }, 'digest'],
  ['a file store of one pod alone', { config: { blobUrl: '/data/blobs' } }, 'blobUrl'],
  ['resources without a limit of memory', { migrate: { resources: { limits: { memory: null } } } }, 'memory'],
  ['a device that there is not', { worker: { device: 'tpu' } }, 'device'],
])('%s is refused', (_what, values, named) => {
  const { error, manifests } = rendered(values);

  expect(manifests).toBeUndefined();
  expect(error).toContain(named);
});

withHelm('the query that scales workers runs and counts', async () => {
  const database = await createTestDatabase();
  try {
    const { query } = find(everything, 'ScaledObject', 'osteograph-worker').spec!.triggers![0]!.metadata;

    expect(await database.dataSource.query(query)).toEqual([{ count: '0' }]);
  } finally {
    await database.drop();
  }
});

/** The chart as Helm's own library renders it. */
function rendered(values: object, release = 'osteograph'): Rendered {
  const script = join(packageRoot, 'test/helpers/render-chart.py');
  const said = execFileSync(python!, [script, CHART, 'lab', release], {
    input: JSON.stringify(values),
    encoding: 'utf8',
    // That it follows the link to the alerts.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(said) as Rendered;
}

function manifestsOf({ manifests, error }: Rendered): Manifest[] {
  expect(error).toBeUndefined();
  return Object.entries(manifests!)
    .filter(([path]) => path.endsWith('.yaml'))
    .flatMap(([, text]) => parseAllDocuments(text))
    .flatMap((document) => {
      expect(document.errors).toEqual([]);
      const manifest = document.toJS() as Manifest | null;
      return manifest ? [manifest] : [];
    });
}

/** Those whose schemas are at hand; monitoring's are not, and are compared whole. */
function known(): (Manifest & { kind: keyof typeof KINDS })[] {
  const all = [...plain, ...everything];
  return all.filter((one): one is Manifest & { kind: keyof typeof KINDS } => one.kind in KINDS);
}

function namesOf(manifests: Manifest[]): string[] {
  return manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
}

function imagesOf(manifests: Manifest[]): string[] {
  return manifests
    .flatMap(containersOf)
    .map(({ image }) => image)
    .sort();
}

function find(manifests: Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

function containersOf({ spec }: Manifest): Container[] {
  return spec?.template?.spec.containers ?? [];
}
