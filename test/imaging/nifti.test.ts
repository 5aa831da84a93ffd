import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as niftiReader from 'nifti-reader-js';
import { packageRoot } from '../../src/domain/package.js';
import { decodeNifti, encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine, type Affine, type Volume } from '../../src/imaging/volume.js';

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/nifti.json'), 'utf8')) as {
  cases: { name: string; spacing: [number, number, number]; affine: number[]; qfac: number; quaternion: number[] }[];
  file: string;
};

function volume(more: Partial<Volume> = {}): Volume {
  const spacing = [0.625, 0.625, 1.5] as const;
  const data = Uint16Array.from({ length: 5 * 4 * 3 }, (_, index) => index * 1000);
  return {
    columns: 5,
    rows: 4,
    slices: 3,
    data,
    spacing,
    affine: centredAffine('CORONAL', [5, 4, 3], spacing),
    placement: 'SCANNER',
    ...more,
  };
}

test('what is written is read back: data, spacing, affine and description', async () => {
  for (const data of [volume().data, Int16Array.from(volume().data), Float32Array.from(volume().data)]) {
    const written = volume({ data });
    const read = await decodeNifti(await encodeNifti(written, 'SYNTHETIC knee MRI'));
    expect(read.description).toBe('SYNTHETIC knee MRI');
    expect(read.volume).toEqual(written);
  }
});

test('nifti-reader-js finds the same image, in mm and scanner coordinates', async () => {
  const written = volume();
  const file = gunzipSync(await encodeNifti(written, 'SYNTHETIC knee MRI'));
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  expect(niftiReader.isNIFTI1(bytes)).toBe(true);
  const header = niftiReader.readHeader(bytes) as niftiReader.NIFTI1;
  expect(header.dims.slice(0, 4)).toEqual([3, 5, 4, 3]);
  expect([header.xyzt_units, header.sform_code, header.qform_code]).toEqual([2, 1, 1]);
  expect(header.description.replace(/\0.*$/, '')).toBe('SYNTHETIC knee MRI');
  expect(header.affine.slice(0, 3).flat()).toEqual([...written.affine]);
  const fromQform = header.convertNiftiQFormToNiftiSForm(
    header.quatern_b,
    header.quatern_c,
    header.quatern_d,
    header.qoffset_x,
    header.qoffset_y,
    header.qoffset_z,
    header.pixDims[1]!,
    header.pixDims[2]!,
    header.pixDims[3]!,
    header.pixDims[0]!,
  );
  fromQform
    .slice(0, 3)
    .flat()
    .forEach((value, index) => expect(value).toBeCloseTo(written.affine[index]!, 5));
  expect(new Uint16Array(niftiReader.readImage(header, bytes))).toEqual(written.data);
});

test.each(golden.cases)(
  'the qform of a $name affine is the one nibabel computes',
  async ({ spacing, affine, qfac, quaternion }) => {
    const file = gunzipSync(await encodeNifti(volume({ spacing, affine: affine as unknown as Affine }), ''));
    expect(file.readFloatLE(76)).toBe(qfac);
    const written = quaternion.map((_, index) => file.readFloatLE(256 + 4 * index));
    // A half turn (scalar part 0) is the same rotation with all signs changed.
    const halfTurn = Math.abs(Math.hypot(...quaternion) - 1) < 1e-6;
    const sign = halfTurn && written.every((value, index) => value * quaternion[index]! <= 0) ? -1 : 1;
    quaternion.forEach((expected, index) => expect(sign * written[index]!).toBeCloseTo(expected, 5));
    affine.forEach((expected, index) => expect(file.readFloatLE(280 + 4 * index)).toBeCloseTo(expected, 4));
  },
);

describe('the codes of sform and qform tell the truth', () => {
  const codes = async (more: Partial<Volume>): Promise<[qform: number, sform: number]> => {
    const file = gunzipSync(await encodeNifti(volume(more), ''));
    return [file.readInt16LE(252), file.readInt16LE(254)];
  };
  const { spacing, affine } = volume();
  const sheared = affine.map((value, index) => (index === 2 ? value + 0.1 * spacing[2] : value));

  test.each<[string, Partial<Volume>, [number, number]]>([
    ['scanner coordinates', { placement: 'SCANNER' }, [1, 1]],
    ["the patient's axes about an origin that means nothing", { placement: 'ALIGNED' }, [2, 2]],
    ['no position', { placement: 'UNKNOWN' }, [0, 0]],
    ['a shear, which a qform cannot hold', { affine: sheared as unknown as Affine }, [0, 1]],
  ])('%s', async (_, more, expected) => {
    expect(await codes(more)).toEqual(expected);
    expect((await decodeNifti(await encodeNifti(volume(more), ''))).volume.placement).toBe(more.placement ?? 'SCANNER');
  });
});

test("a file of nibabel's is read", async () => {
  const read = await decodeNifti(Buffer.from(golden.file, 'base64'));
  expect(read.description).toBe('written by nibabel');
  expect(read.volume).toMatchObject({ columns: 2, rows: 3, slices: 4 });
  expect(Array.from(read.volume.data)).toEqual(Array.from({ length: 24 }, (_, index) => index * 1000));
  expect(read.volume.affine[3]).toBe(12.5);
});

test('a scale that is not a number scales nothing, as nibabel reads it', async () => {
  const file = gunzipSync(await encodeNifti(volume(), ''));
  file.writeFloatLE(NaN, 112);
  file.writeFloatLE(NaN, 116);

  expect((await decodeNifti(file)).volume.data).toEqual(volume().data);
});

describe('a hostile file is refused with one sentence', () => {
  const header = async (change: (header: Buffer) => void): Promise<Buffer> => {
    const file = gunzipSync(await encodeNifti(volume(), ''));
    change(file);
    return gzipSync(file);
  };

  test.each([
    ['no NIfTI', async () => Buffer.alloc(400), /is not a NIfTI-1 file/],
    ['a short file', async () => Buffer.alloc(10), /too short/],
    ['damaged gzip', async () => (await encodeNifti(volume(), '')).subarray(0, 80), /cannot be unpacked/],
    ['a gzip bomb', async () => gzipSync(Buffer.alloc(300 * 1024 * 1024)), /cannot be unpacked/],
    ['dimensions beyond its data', () => header((h) => h.writeInt16LE(300, 42)), /is truncated/],
    ['a voxel bomb', () => header((h) => [42, 44, 46].forEach((at) => h.writeInt16LE(32000, at))), /at most/],
    ['negative dimensions', () => header((h) => h.writeInt16LE(-5, 42)), /impossible size/],
    ['a time series', () => header((h) => (h.writeInt16LE(4, 40), h.writeInt16LE(9, 48))), /one volume is accepted/],
    ['complex numbers', () => header((h) => h.writeInt16LE(32, 70)), /datatype 32/],
    ['an offset that is not a number', () => header((h) => h.writeFloatLE(NaN, 108)), /is truncated/],
    ['positions in metres', () => header((h) => h.writeUInt8(1, 123)), /positions in the NIfTI unit 1; mm are read/],
    ['a voxel size that is not a number', () => header((h) => h.writeFloatLE(NaN, 80)), /voxel size/],
  ])('%s', async (_, make, message) => {
    await expect(decodeNifti(await make(), 'knee.nii.gz')).rejects.toThrow(message);
  });
});
