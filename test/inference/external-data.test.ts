import { createHash } from 'node:crypto';
import { copyFile, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { externalLocations } from '../../src/inference/bundles/external-data.js';
import { loadBundle } from '../../src/inference/bundles/load.js';
import { readBundle } from '../../src/inference/bundles/read.js';
import { BundleCopy } from '../helpers/tiny-bundle.js';

/** tiny-bundle's denoiser with external weights, made by test/golden/external_data.py. */
const FIXTURE = join(packageRoot, 'test/golden/external-data');
const DATA = 'denoiser.onnx.data';

let copy: BundleCopy;
beforeEach(async () => {
  copy = await BundleCopy.make();
  for (const file of ['denoiser.onnx', DATA]) await copyFile(join(FIXTURE, file), join(copy.dir, file));
  await list(DATA);
});
afterEach(() => copy.remove());

describe('a bundle with a graph whose weights lie in a file of their own', () => {
  it('loads and computes what the graph with embedded weights computes', async () => {
    const embedded = await BundleCopy.make();
    const [external, whole] = [await loadBundle(copy.dir, CPU), await loadBundle(embedded.dir, CPU)];
    const inputs = {
      sample: filled([1, 4, 32, 32], 0.3),
      timestep: filled([1], 900),
      xray_latent: filled([1, 4, 32, 32], -0.2),
      depth: filled([1], 0.5),
      features: filled([1, 65], 1),
    };
    const results = [];
    for (const { sessions } of [external, whole]) {
      results.push((await (sessions as { denoiser: Runnable }).denoiser.run(inputs))['prediction']!.data);
    }
    expect(results[0]).toEqual(results[1]);
    await Promise.all([external.release(), whole.release(), embedded.remove()]);
  });

  it('has an identity that follows the data file', async () => {
    const before = (await readBundle(copy.dir)).sha256;
    await writeFile(join(copy.dir, DATA), Buffer.concat([await readFile(join(copy.dir, DATA)), Buffer.alloc(1)]));
    await list(DATA);
    expect((await readBundle(copy.dir)).sha256).not.toBe(before);
  });
});

describe('a bundle with external weights is refused', () => {
  it('when the data file is not the one the manifest was written for', async () => {
    const data = await readFile(join(copy.dir, DATA));
    data[100]! ^= 1;
    await writeFile(join(copy.dir, DATA), data);
    await expectRefusal(`the denoiser graph's data file ${DATA} has sha256 ${sha256(data)}, but the manifest says `);
  });

  it('when the data file is missing', async () => {
    await unlink(join(copy.dir, DATA));
    await expectRefusal(`the denoiser graph's data file ${DATA} cannot be read (ENOENT)`);
  });

  it('when the manifest does not list the data file', async () => {
    await copy.edit(({ graphs }) => delete graphs.denoiser.data);
    await expectRefusal(
      `its denoiser graph denoiser.onnx keeps weights in '${DATA}', which is not one of the data files`,
    );
  });

  it('when the manifest names a data file outside the bundle', async () => {
    await list('../../secret.bin', 'a'.repeat(64));
    await expectRefusal(
      'graphs.denoiser.data.0.file is "../../secret.bin": must be the name of a file in the bundle folder',
    );
  });

  it.each([['../weights.bin.xxx'], ['/etc/passwd-xxxxxx']])('when the graph opens %s', async (location) => {
    expect(location).toHaveLength(DATA.length);
    const onnx = await readFile(join(copy.dir, 'denoiser.onnx'));
    const changed = Buffer.from(onnx.toString('latin1').replaceAll(DATA, location), 'latin1');
    await writeFile(join(copy.dir, 'denoiser.onnx'), changed);
    await copy.edit(({ graphs }) => (graphs.denoiser.sha256 = sha256(changed)));
    await expectRefusal(`its denoiser graph denoiser.onnx keeps weights in '${location}', which is not one of `);
  });

  it('when the graph is cut off in the middle of a message', async () => {
    const onnx = (await readFile(join(copy.dir, 'denoiser.onnx'))).subarray(0, 900);
    await writeFile(join(copy.dir, 'denoiser.onnx'), onnx);
    await copy.edit(({ graphs }) => (graphs.denoiser.sha256 = sha256(onnx)));
    await expectRefusal('its denoiser graph denoiser.onnx cannot be loaded by ONNX Runtime (its protobuf is cut off)');
  });
});

describe('externalLocations', () => {
  it('finds none in a graph with embedded weights', async () => {
    expect(externalLocations(await readFile(join(copy.dir, 'decoder.onnx')))).toEqual([]);
  });

  it('finds weights in a subgraph of a node', () => {
    const location = message(13, Buffer.concat([message(1, 'location'), message(2, 'inner.data')]));
    const subgraph = message(5, location);
    const attribute = message(5, message(6, subgraph));
    expect(externalLocations(message(7, message(1, attribute)))).toEqual(['inner.data']);
  });

  it('says what is wrong with bytes that are no protobuf', () => {
    expect(() => externalLocations(Buffer.from([0x3a, 0x7f, 1]))).toThrow('its protobuf is cut off');
    expect(() => externalLocations(Buffer.from([0x3b]))).toThrow('unknown wire type 3');
    expect(() => externalLocations(Buffer.alloc(12, 0xff))).toThrow('more than ten bytes');
  });
});

const CPU = { device: 'cpu', threads: 1 } as const;

interface Runnable {
  run(inputs: object): Promise<Record<string, { data: Float32Array }>>;
}

function filled(dims: number[], value: number) {
  return { data: new Float32Array(dims.reduce((product, size) => product * size)).fill(value), dims };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Enters the denoiser's files, as they are, into the manifest. */
async function list(file: string, hash?: string): Promise<void> {
  const graph = sha256(await readFile(join(copy.dir, 'denoiser.onnx')));
  const data = hash ?? sha256(await readFile(join(copy.dir, file)));
  await copy.edit(({ graphs }) => Object.assign(graphs.denoiser, { sha256: graph, data: [{ file, sha256: data }] }));
}

/** A protobuf field of a length below 128. */
function message(field: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
}

async function expectRefusal(sentence: string): Promise<void> {
  const result = await readBundle(copy.dir).catch((error: unknown) => error);
  expect(result).toMatchObject({ name: 'UserError', code: 'BUNDLE_REFUSED' });
  expect((result as Error).message).toContain(`The bundle in ${copy.dir} is refused: ${sentence}`);
}
