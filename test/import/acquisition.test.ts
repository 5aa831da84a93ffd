import { join } from 'node:path';
import { MriSeries } from '../../src/entities/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { ReleaseFolder } from '../helpers/oai-files.js';

let database: TestDatabase;
let release: ReleaseFolder;

const SERIES = '00m/0.C.2/1000001/20040623/10000001';

beforeAll(async () => {
  database = await createTestDatabase();
  release = await ReleaseFolder.make();
});

afterAll(async () => {
  await database.drop();
  await release.remove();
});

test('a series keeps how its scanner took it, and of equipment nothing but names', async () => {
  await release.series(SERIES, 3, {
    elements: {
      ...{ EchoTime: 4.7, RepetitionTime: 20, FlipAngle: 12, MagneticFieldStrength: 3, PixelBandwidth: 130 },
      ...{
        NumberOfAverages: 1,
        SliceThickness: 1.5,
        Manufacturer: 'SIEMENS',
        ManufacturerModelName: 'Trio\u00e9 of Dr. X',
      },
      ReceiveCoilName: 'QTR_Knee',
    },
  });

  await importRelease(database.dataSource, release.path, { store: new DirectoryStore(join(release.path, 'blobs')) });

  expect(await database.dataSource.getRepository(MriSeries).find()).toMatchObject([
    {
      acquisition: {
        ...{ echoTime: 4.7, repetitionTime: 20, flipAngle: 12, fieldStrength: 3, pixelBandwidth: 130 },
        ...{ inversionTime: null, averages: 1, sliceThickness: 1.5 },
        ...{ manufacturer: 'SIEMENS', model: null, receiveCoil: 'QTR_Knee' },
      },
    },
  ]);
});
