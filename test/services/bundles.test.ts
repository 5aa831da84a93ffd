import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundle } from '../../src/entities/index.js';
import { chooseReadyBundle, registerBundles, reinstateBundle, retireBundle } from '../../src/services/bundles/index.js';
import { requestGeneration } from '../../src/services/generations/index.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

let platform: TestPlatform;
let modelsDir: string;

beforeEach(async () => {
  platform = await createTestPlatform();
  modelsDir = await mkdtemp(join(tmpdir(), 'osteograph-models-'));
});
afterEach(async () => {
  await platform.close();
  await rm(modelsDir, { recursive: true, force: true });
});

async function addBundle(name: string, version: string): Promise<string> {
  const directory = join(modelsDir, name, version);
  await cp(TINY_BUNDLE, directory, { recursive: true });
  await edit(directory, (text) => text.replace('"tiny-bundle"', `"${name}"`).replace('"1.0.0"', `"${version}"`));
  return directory;
}

async function edit(directory: string, change: (text: string) => string): Promise<void> {
  const path = join(directory, 'bundle.json');
  await writeFile(path, change(await readFile(path, 'utf8')));
}

describe('registering the bundles of a folder', () => {
  it('enters sound ones as READY and others as REFUSED with the reason, and changes nothing the second time', async () => {
    await addBundle('good', '1.0.0');
    const broken = await addBundle('broken', '0.1.0');
    await writeFile(join(broken, 'decoder.onnx'), 'not a graph');
    const first = await registerBundles(platform.dataSource, modelsDir);
    expect(first).toMatchObject([
      { name: 'broken', version: '0.1.0', state: 'REFUSED', refusal: expect.stringContaining('sha256') },
      { name: 'good', version: '1.0.0', state: 'READY', refusal: null, task: 'xray-to-mri' },
    ]);
    expect(await registerBundles(platform.dataSource, modelsDir)).toEqual(first);
  });

  it('leaves a retired one out of use until it is reinstated, and refuses it then if its files have changed', async () => {
    const { dataSource } = platform;
    const directory = await addBundle('good', '1.0.0');
    const [{ id }] = (await registerBundles(dataSource, modelsDir)) as [Bundle];
    const who = { tokenId: null };

    expect(await retireBundle(dataSource, who, id)).toMatchObject({ state: 'RETIRED' });
    expect(await registerBundles(dataSource, modelsDir)).toMatchObject([{ id, state: 'RETIRED' }]);
    await expect(chooseReadyBundle(dataSource.manager, 'good@1.0.0')).rejects.toMatchObject({
      code: 'BUNDLE_REFUSED',
      message: 'The bundle good@1.0.0 was retired; nothing new is made with it.',
    });

    expect(await reinstateBundle(dataSource, who, id)).toMatchObject({ state: 'READY', refusal: null });
    expect(await chooseReadyBundle(dataSource.manager, 'good@1.0.0')).toMatchObject({ id });

    await retireBundle(dataSource, who, id);
    await edit(directory, (text) => text.replace('for tests', 'for more tests'));
    expect(await reinstateBundle(dataSource, who, id)).toMatchObject({
      state: 'REFUSED',
      refusal: expect.stringContaining('are not those that were registered'),
    });
    await expect(retireBundle(dataSource, who, 1_000_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('registers each once when several processes start together', async () => {
    await addBundle('good', '1.0.0');
    await Promise.all(Array.from({ length: 4 }, () => registerBundles(platform.dataSource, modelsDir)));
    expect(await platform.dataSource.manager.countBy(Bundle, { name: 'good' })).toBe(1);
  });

  it('follows the files while no generation was made with them, and refuses other files after that', async () => {
    const { dataSource, modelsDir: used } = platform;
    const directory = join(used, 'tiny-bundle', '1.0.0');
    await edit(directory, (text) => text.replace('for tests', 'for more tests'));
    const [changed] = await registerBundles(dataSource, used);
    expect(changed).toMatchObject({ id: platform.bundle.id, state: 'READY' });
    expect(changed!.sha256).not.toBe(platform.bundle.sha256);

    const { exam } = await createExam(platform);
    await requestGeneration(platform, { tokenId: null }, { examId: exam.id });
    await edit(directory, (text) => text.replace('for more tests', 'for other tests'));
    const [refused] = await registerBundles(dataSource, used);
    expect(refused).toMatchObject({
      state: 'REFUSED',
      sha256: changed!.sha256,
      refusal: expect.stringContaining('new version'),
    });
    await expect(
      requestGeneration(platform, { tokenId: null }, { examId: exam.id, bundle: 'tiny-bundle' }),
    ).rejects.toMatchObject({
      code: 'BUNDLE_REFUSED',
    });
    await edit(directory, (text) => text.replace('for other tests', 'for more tests'));
    expect(await registerBundles(dataSource, used)).toMatchObject([{ state: 'READY', refusal: null }]);
  });

  it('refuses one whose folder is gone', async () => {
    const directory = await addBundle('good', '1.0.0');
    await registerBundles(platform.dataSource, modelsDir);
    await rm(directory, { recursive: true });
    await registerBundles(platform.dataSource, modelsDir);
    const gone = await platform.dataSource.manager.findOneByOrFail(Bundle, { name: 'good' });
    expect(gone).toMatchObject({ state: 'REFUSED', refusal: expect.stringContaining('its folder is gone') });
    expect(await platform.dataSource.manager.findOneByOrFail(Bundle, { name: 'tiny-bundle' })).toMatchObject({
      state: 'READY',
    });
  });
});

describe('choosing a bundle', () => {
  it('takes the highest version of a name, and of the last registered one without a name', async () => {
    for (const version of ['1.9.0', '1.10.0', '1.2.0']) await addBundle('knee', version);
    await registerBundles(platform.dataSource, modelsDir);
    const { manager } = platform.dataSource;
    expect(await chooseReadyBundle(manager)).toMatchObject({ name: 'knee', version: '1.10.0' });
    expect(await chooseReadyBundle(manager, 'knee')).toMatchObject({ version: '1.10.0' });
    expect(await chooseReadyBundle(manager, 'knee@1.2.0')).toMatchObject({ version: '1.2.0' });
    expect(await chooseReadyBundle(manager, 'tiny-bundle')).toMatchObject({ version: '1.0.0' });
    await expect(chooseReadyBundle(manager, 'knee@3.0.0')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
