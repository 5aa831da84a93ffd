import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { packageRoot } from '../../src/domain/package.js';
import { createMetrics } from '../../src/server/metrics.js';
import { createTestDatabase } from '../helpers/database.js';

interface Alerts {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
}

interface Dashboard {
  panels: { title: string; description?: string; targets?: { expr: string }[] }[];
}

/** Series that Prometheus itself makes. */
const OWN = ['up'];

let exported: Set<string>;
let alerts: Alerts['groups'][number]['rules'];
let expressions: string[];

beforeAll(async () => {
  const database = await createTestDatabase();
  const metrics = createMetrics(database.dataSource);
  exported = new Set(OWN);
  for (const [, name, type] of (await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) exported.add(`${name}${suffix}`);
  }
  metrics.close();
  await database.drop();
  const folder = join(packageRoot, 'deploy/monitoring');
  alerts = (parse(await readFile(join(folder, 'alerts.yml'), 'utf8')) as Alerts).groups.flatMap(({ rules }) => rules);
  const dashboard = JSON.parse(await readFile(join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
  const panels = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expressions = [...alerts.map(({ expr }) => expr), ...panels];
});

test('every expression of the alerts and the dashboard is PromQL', () => {
  expect(expressions.length).toBeGreaterThan(25);
  for (const expression of expressions) expect([expression, faults(expression)]).toEqual([expression, []]);
  expect(faults('sum by (le (rate(x[5m]))')).not.toEqual([]);
});

test('every figure they name is one that the platform exports', () => {
  for (const expression of expressions) {
    for (const name of namesIn(expression))
      expect([expression, exported.has(name) ? '' : name]).toEqual([expression, '']);
  }
});

test('the operations guide explains every alert and every figure of ours', async () => {
  const guide = await readFile(join(packageRoot, 'docs/operations.md'), 'utf8');
  const figures = [...exported].filter((name) => name.startsWith('osteograph_') && !/_(bucket|sum)$/.test(name));

  for (const { alert } of alerts) expect(guide).toContain(`**${alert.replace(/^Osteograph/, '')}**`);
  for (const figure of figures)
    expect(guide).toContain(`\`${figure.replace(/^osteograph_/, '').replace(/_count$/, '')}`);
});

function faults(expression: string): string[] {
  const found: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => void (type.isError && found.push(`${from}: ${expression.slice(from, to)}`)),
  });
  return found;
}

function namesIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, from, to }) => {
      // A name, not a label of "by (...)".
      if (name === 'VectorSelector') names.push(/^[\w:]+/.exec(expression.slice(from, to))![0]);
    },
  });
  return names;
}
