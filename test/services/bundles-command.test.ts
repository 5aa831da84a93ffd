import { AuditEntry, Bundle } from '../../src/entities/index.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createTestPlatform, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
});
afterAll(() => platform.close());

const bundles = (...args: string[]): Promise<CommandResult> =>
  runCommand(['bundles', ...args, '--data-dir', platform.dataDir], { DATABASE_URL: platform.url });

const states = async () =>
  (await platform.dataSource.getRepository(Bundle).find({ order: { id: 'ASC' } })).map(({ state }) => state);

test('a bundle is retired and taken into use again, and the audit names both', async () => {
  expect(await bundles('retire', 'tiny-bundle@1.0.0')).toMatchObject({
    code: 0,
    stdout: 'RETIRED: The bundle tiny-bundle@1.0.0 was retired; nothing new is made with it.\n',
    stderr: '',
  });
  expect(await states()).toEqual(['RETIRED']);

  expect(await bundles('reinstate', 'tiny-bundle@1.0.0')).toMatchObject({
    code: 0,
    stdout: 'READY: tiny-bundle@1.0.0\n',
    stderr: '',
  });
  expect(await states()).toEqual(['READY']);
  const entries = await platform.dataSource.getRepository(AuditEntry).find({ order: { id: 'ASC' } });
  expect(entries.map(({ action, tokenId }) => [action, tokenId])).toEqual([
    ['retireBundle', null],
    ['reinstateBundle', null],
  ]);
});

test.each(['retire', 'reinstate'])('%s of a bundle that is not registered is refused in one sentence', async (verb) => {
  for (const name of ['tiny-bundle@9.9.9', 'tiny-bundle', '']) {
    expect(await bundles(verb, name)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `osteograph: There is no bundle "${name}"; give name@version, as "osteograph bundles" lists them.\n`,
    });
  }
});
