import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { coronalSeries } from '../../src/imaging/orient.js';

/** A real knee MRI in explicit big endian; the folder lies beside the repository where it is developed. */
const REAL_SERIES = join(packageRoot, '../shared/data/mri-knee-sagittal-dicom');

interface Arrangement {
  name: string;
  file: string;
  shape: [columns: number, rows: number, slices: number];
  data: number[];
  affine: number[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/nifti.json'), 'utf8')) as {
  arrangements: Arrangement[];
  refused: Record<string, string>;
};

test.each(golden.arrangements)(
  'a coronal series stored $name is turned to the voxels and the affine that nibabel gives',
  async ({ file, shape, data, affine }) => {
    const { volume } = await decodeNifti(Buffer.from(file, 'base64'));
    const turned = coronalSeries(volume, 'knee.nii');
    expect([turned.columns, turned.rows, turned.slices]).toEqual(shape);
    expect(Array.from(turned.data)).toEqual(data);
    // As the series was taken, before it was stored in another order.
    expect(data).toEqual(data.map((_, index) => index));
    affine.forEach((value, index) => expect(turned.affine[index]).toBeCloseTo(value, 4));
    [0.5, 0.75, 1.5].forEach((side, axis) => expect(turned.spacing[axis]).toBeCloseTo(side, 5));
  },
);

test.each([
  ['without a position', /^knee\.nii does not say how it lies in the patient: its sform and qform codes are both 0\.$/],
  ['sagittal', /^knee\.nii is a sagittal series; a coronal one can be compared with coronal slices\.$/],
  ['axial', /^knee\.nii is an axial series; a coronal one can be compared with coronal slices\.$/],
  [
    'sheared',
    /^knee\.nii is sheared by 8 degrees: its slices are shifted against each other and cannot be compared\.$/,
  ],
  ['oblique', /^knee\.nii lies oblique, 37 degrees off the patient's axes; at most 30 can be compared\.$/],
])('a series %s is refused with one sentence', async (name, message) => {
  const { volume } = await decodeNifti(Buffer.from(golden.refused[name]!, 'base64'));
  expect(() => coronalSeries(volume, 'knee.nii')).toThrow(message);
});

// ../shared is there where Osteograph is developed and not in a clone of it.
(existsSync(REAL_SERIES) ? test : test.skip)('a real sagittal series is not taken for a coronal one', async () => {
  const [series] = (await scanSeries(REAL_SERIES)).series;
  const volume = await readSeries(series!);
  expect(volume.placement).toBe('SCANNER');
  expect(() => coronalSeries(volume, 'knee')).toThrow('knee is a sagittal series; a coronal one can be compared');
});
