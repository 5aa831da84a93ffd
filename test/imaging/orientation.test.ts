import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Side } from '../../src/domain/participants.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import {
  asItLies,
  encodeSlice,
  generatedVolume,
  slicesOfGenerated,
  storedPixels,
} from '../../src/imaging/generated-volume.js';
import { decodeNifti, encodeNifti } from '../../src/imaging/nifti.js';
import { decodePng } from '../../src/imaging/png.js';
import { radiographInput } from '../../src/imaging/radiograph/index.js';
import {
  inNifti,
  type Landmark,
  LANDMARKS,
  middleOf,
  orientationCases,
  type Triple,
  writeOrientationCase,
} from '../helpers/orientation.js';

type Found = Record<Landmark, { voxel: Triple; ras: Triple }>;

/**
 * Where the landmarks are: as column, row and slice of the stored volume, and in mm to the patient's right, front and head. A
 * right knee's fibula lies to the patient's right of its middle (x = 90), a left one's to the left of its own (x = -90).
 */
const TRUTH: Record<string, Record<Side, Found>> = {
  CORONAL: {
    RIGHT: {
      fibula: { voxel: [2.5, 9.5, 2], ras: [102, -16, -3] },
      patella: { voxel: [6.5, 3.5, 6.5], ras: [90, 2, 9] },
      marker: { voxel: [13, 0, 0], ras: [70.5, -24, 16] },
    },
    LEFT: {
      fibula: { voxel: [10.5, 9.5, 2], ras: [-102, -16, -3] },
      patella: { voxel: [6.5, 3.5, 6.5], ras: [-90, 2, 9] },
      marker: { voxel: [0, 0, 0], ras: [-70.5, -24, 16] },
    },
  },
  SAGITTAL: {
    RIGHT: {
      fibula: { voxel: [8.5, 9.5, 0.5], ras: [102, -16, -3] },
      patella: { voxel: [1.5, 3.5, 3.5], ras: [90, 5, 9] },
      marker: { voxel: [13, 0, 7], ras: [76, -29.5, 16] },
    },
    LEFT: {
      fibula: { voxel: [8.5, 9.5, 6.5], ras: [-102, -16, -3] },
      patella: { voxel: [1.5, 3.5, 3.5], ras: [-90, 5, 9] },
      marker: { voxel: [13, 0, 0], ras: [-76, -29.5, 16] },
    },
  },
  AXIAL: {
    RIGHT: {
      fibula: { voxel: [2.5, 8.5, 1], ras: [102, -16, -5] },
      patella: { voxel: [6.5, 0.5, 4.5], ras: [90, 0, 9] },
      marker: { voxel: [13, 11, 7], ras: [70.5, -21, 19] },
    },
    LEFT: {
      fibula: { voxel: [10.5, 8.5, 1], ras: [-102, -16, -5] },
      patella: { voxel: [6.5, 0.5, 4.5], ras: [-90, 0, 9] },
      marker: { voxel: [0, 11, 7], ras: [-70.5, -21, 19] },
    },
  },
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-orientation-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe.each(orientationCases)('a $side knee scanned $plane, $way', (scanned) => {
  const truth = TRUTH[scanned.plane]![scanned.side];

  test('lies where SimpleITK and nibabel find it', () => {
    for (const landmark of Object.keys(truth) as Landmark[]) {
      const { voxel, ras } = truth[landmark];
      expect(scanned.landmarks[landmark]).toEqual({ voxel, ras, lps: [-ras[0] + 0, -ras[1] + 0, ras[2]] });
    }
  });

  test('is stored with fibula, patella and marker at those voxels and those places', async () => {
    await writeOrientationCase(scanned, folder);
    const { series } = await scanSeries(folder);
    const nifti = await encodeNifti(await readSeries(series[0]!), 'drawn');
    for (const landmark of Object.keys(truth) as Landmark[]) {
      expect(inNifti(nifti, LANDMARKS[landmark])).toEqual(truth[landmark]);
    }
  });
});

/** A generated volume's way out of the model: the network draws right knees, fibula at columns 40 to 59 and rows 180 to 219. */
function fromModel(side: Side): Uint16Array[] {
  return Array.from({ length: 5 }, (_, slice) => {
    const image = new Float32Array(256 * 256);
    for (let row = 180; row < 220; row++) if (slice === 1) image.fill(1, row * 256 + 40, row * 256 + 60);
    return storedPixels(asItLies(image, side));
  });
}

test('a slice of a model with fewer pixels is stored on the grid of generated volumes, each pixel as two by two', () => {
  const image = new Float32Array(128 * 128);
  image.fill(1, 64 * 128, 65 * 128);
  const { rows, columns, data } = asItLies(image, 'RIGHT');
  expect([rows, columns]).toEqual([256, 256]);
  expect([126, 127, 128, 129, 130, 131].map((row) => data[row * 256 + 9])).toEqual([0, 0.25, 0.75, 0.75, 0.25, 0]);
});

test.each<[Side, number, number]>([
  ['RIGHT', 49.5, 48.75],
  ['LEFT', 205.5, -48.75],
])(
  'the fibula of a generated %s knee is at column %d, %d mm to the right of the middle',
  async (side, column, right) => {
    const slices = fromModel(side);
    const nifti = await encodeNifti(generatedVolume(slices), 'drawn');
    const { voxel, ras } = inNifti(nifti, 65_535);

    expect(voxel).toEqual([column, 199.5, 1]);
    // The second of five slices, a quarter of 73.5 mm from the back; the rows go down by 0.625 mm.
    expect(ras).toEqual([right, -18.375, -45]);
    const png = decodePng(encodeSlice(slices[1]!, 'drawn'));
    expect(middleOf(png.data, 256, 256, 65_535)).toEqual([column, 199.5, 0]);
    const read = slicesOfGenerated((await decodeNifti(nifti)).volume, 'drawn');
    expect(middleOf(read[1]!.data, 256, 256, 1)).toEqual([column, 199.5, 0]);
  },
);

test.each<[Side, boolean]>([
  ['RIGHT', false],
  ['LEFT', true],
])('the film of a %s knee is given to the model with the fibula at the left', (side, atRight) => {
  const data = new Float32Array(256 * 256);
  for (let row = 150; row < 256; row++)
    data.fill(1, row * 256 + (atRight ? 196 : 40), row * 256 + (atRight ? 216 : 60));
  const film = { name: 'film.png', rows: 256, columns: 256, data, pixelSpacing: null, attributes: null };

  const seen = radiographInput(film, { left: 0, top: 0, side: 256 }, side);

  expect(middleOf(seen, 256, 256, 1)).toEqual([49.5, 202.5, 0]);
});
