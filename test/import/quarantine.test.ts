import { join } from 'node:path';
import { AuditEntry, MriSeries, type QuarantinedImage, Radiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { addImages, importRelease, listQuarantine, resolveQuarantined } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { filmFile, sliceFile } from '../helpers/oai-files.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const FILM = '00m/0.C.2/1000001/20040623/00000001';
const SERIES = '00m/0.C.2/1000001/20040623/10000001';

emptyRelease();

const OTHER_KNEE = 'it shows the left knee, where the right one is expected';
const store = () => new DirectoryStore(join(release.path, 'blobs'));
const importAll = () => importRelease(dataSource, release.path, { store: store() });
const kept = async () => [
  await dataSource.getRepository(Radiograph).count(),
  await dataSource.getRepository(MriSeries).count(),
];
const waiting = () => listQuarantine(dataSource, { state: 'OPEN', limit: 50 });

test('a series that says it shows the other knee waits in quarantine, and is taken once somebody accepts it', async () => {
  await release.series(SERIES, 3, { elements: { Laterality: 'L' } });

  const refused = await importAll();

  expect(refused.refusals.map(({ reason }) => reason)).toEqual([
    `${SERIES} says that it shows the left knee, where the right one is expected; it waits in quarantine ("osteograph quarantine").`,
  ]);
  expect(await kept()).toEqual([0, 0]);
  const [found, ...others] = await waiting();
  expect(others).toEqual([]);
  expect(found).toMatchObject({ kind: 'MRI_SERIES', oaiId: '1000001', side: 'RIGHT', file: SERIES, state: 'OPEN' });

  await importAll();
  expect(await waiting()).toHaveLength(1);
  const decision = { state: 'ACCEPTED', reason: 'the console was set to the wrong side' } as const;
  await resolveQuarantined(dataSource, COMMAND_LINE, found!.id, decision);
  const taken = await importAll();

  expect([taken.images.inserted, taken.refused]).toEqual([1, 0]);
  expect(await kept()).toEqual([0, 1]);
  expect(await dataSource.getRepository(AuditEntry).findOneBy({ action: 'resolveQuarantinedImage' })).toMatchObject({
    target: String(found!.id),
    detail: decision,
  });
});

test('what was rejected is refused with the reason, and waits no more', async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001', { elements: { BodyPartExamined: 'CHEST' } }));
  await importAll();
  const [{ id }] = (await waiting()) as [QuarantinedImage];
  await resolveQuarantined(dataSource, COMMAND_LINE, id, { state: 'REJECTED', reason: 'a chest film' });

  const again = await importAll();

  expect(again.refusals.map(({ reason }) => reason)).toEqual([
    `${FILM} says that it shows another part of the body (CHEST); it was rejected: a chest film.`,
  ]);
  expect(await waiting()).toEqual([]);
  expect(await kept()).toEqual([0, 0]);
});

test('a radiograph in the folder of an MRI series becomes no series', async () => {
  await release.series(SERIES, 3, { elements: { Modality: 'DX' } });

  await importAll();

  expect(await waiting()).toMatchObject([{ contradiction: 'it is of modality DX, which no MRI series is' }]);
  expect(await kept()).toEqual([0, 0]);
});

test('an image that is added by hand is held back in the same way', async () => {
  const path = await release.write('film.dcm', filmFile('1000001', '016600000001', { elements: { Laterality: 'L' } }));
  const to = { oaiId: '1000001', visit: 'V00', side: 'RIGHT' } as const;
  const add = () => addImages(dataSource, path, to, { store: store(), create: true });

  await expect(add()).rejects.toThrow(
    'film.dcm says that it shows the left knee, where the right one is expected; it waits in quarantine ("osteograph quarantine").',
  );
  const [{ id }] = (await waiting()) as [QuarantinedImage];
  await resolveQuarantined(dataSource, COMMAND_LINE, id, { state: 'ACCEPTED', reason: 'the marker says right' });

  expect(await add()).toEqual({ kind: 'radiograph', outcomes: ['inserted'] });
});

test.each([
  [
    'of one header',
    async () => release.series(SERIES, 3, { elements: { Laterality: 'L', BodyPartExamined: 'ANKLE' } }),
    ['it shows another part of the body (ANKLE)', OTHER_KNEE],
  ],
  [
    'of several headers',
    async () => {
      await release.series(SERIES, 1, { elements: { Laterality: 'L' } });
      await release.write(`${SERIES}/002`, sliceFile('1000001', '016610000001', 1));
      const elements = { BodyPartExamined: 'ANKLE' };
      await release.write(`${SERIES}/003`, sliceFile('1000001', '016610000001', 2, { elements }));
    },
    // The last slice is the most posterior one, which is the first of the image.
    ['it shows another part of the body (ANKLE)', OTHER_KNEE],
  ],
])('each contradiction %s waits, and the image is taken once all of them are accepted', async (_, write, both) => {
  await write();
  const reasons = async () => (await importAll()).refusals.map(({ reason }) => reason);
  const waits = (...what: string[]) =>
    `${SERIES} says that ${what.join(', and that ')}; it waits in quarantine ("osteograph quarantine").`;
  const accept = async (contradiction: string) => {
    const { id } = (await waiting()).find((one) => one.contradiction === contradiction)!;
    await resolveQuarantined(dataSource, COMMAND_LINE, id, { state: 'ACCEPTED', reason: 'looked at it' });
  };
  const [first, second] = both as [string, string];

  expect(await reasons()).toEqual([waits(first, second)]);
  expect((await waiting()).map(({ contradiction }) => contradiction).sort()).toEqual([...both].sort());
  await accept(first);
  expect(await reasons()).toEqual([waits(second)]);
  expect(await waiting()).toMatchObject([{ contradiction: second }]);
  expect(await kept()).toEqual([0, 0]);
  await accept(second);

  expect(await reasons()).toEqual([]);
  expect(await kept()).toEqual([0, 1]);
});

test('an image of which one contradiction was rejected is refused, whatever was accepted of it', async () => {
  await release.series(SERIES, 3, { elements: { Laterality: 'L', BodyPartExamined: 'ANKLE' } });
  await importAll();
  for (const { id, contradiction } of await waiting()) {
    const state = contradiction === OTHER_KNEE ? 'ACCEPTED' : 'REJECTED';
    await resolveQuarantined(dataSource, COMMAND_LINE, id, { state, reason: 'looked at it' });
  }

  expect((await importAll()).refusals.map(({ reason }) => reason)).toEqual([
    `${SERIES} says that it shows another part of the body (ANKLE); it was rejected: looked at it.`,
  ]);
  expect(await waiting()).toEqual([]);
});

test.each([
  [1, '', 'reason must have between 3 and 500 characters.'],
  [7, 'a good reason', 'No image 7 is in quarantine.'],
])('a decision about image %s for the reason "%s" is refused', async (id, reason, message) => {
  await expect(resolveQuarantined(dataSource, COMMAND_LINE, id, { state: 'ACCEPTED', reason })).rejects.toThrow(
    message,
  );
});
