import { JointOutcome, Participant } from '../../src/entities/index.js';
import { importRelease, type ImportSummary } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let release: ReleaseFolder;

/** Columns of OAI's own Outcomes99 of several of its parts, in its order. */
const HEADER =
  'id|version|V99RNTCNT|V99ERKDATE|V99ERKFLDT|V99ERKRPCF|V99ERKTLPR|V99ERKTPPR|V99ERKBLRP|V99ERKDAYS|V99ERKVSPR|V99ERKVSAF|' +
  'V99ELKDATE|V99ELKRPCF|V99ELKTLPR|V99ELKBLRP|V99ELKDAYS|V99ERHDATE|V99ERHRPCF|V99ERHBLRP|V99EDDCF|V99EDDDATE|V99EDDVSPR';

/** A row of it: cells by column, the others blank. */
function row(cells: Record<string, string>): string {
  const names = HEADER.split('|');
  const unknown = Object.keys(cells).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No such columns: ${unknown.join(', ')}.`);
  return names.map((name) => cells[name] ?? '').join('|');
}

const NOBODYS = '.: Missing Form/Incomplete Workbook';

beforeEach(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
});

afterEach(async () => {
  await api.close();
  await release.remove();
});

async function bring(...rows: string[]): Promise<ImportSummary> {
  await release.table('OUTCOMES99.txt', HEADER, rows);
  return importRelease(api.dataSource, release.path, { store: {} as BlobStore });
}

const REPLACED = {
  ...{ id: '9000001', version: '11', V99RNTCNT: '11: 108-month', V99ERKDATE: '02/15/10', V99ERKFLDT: '1' },
  ...{ V99ERKRPCF: '3: Replacement adjudicated, confirmed', V99ERKTLPR: '2: Partial', V99ERKBLRP: '0: No' },
  ...{ V99ERKDAYS: '1702', V99ERKVSPR: '6: 48-month', V99ERKVSAF: '7: 60-month', V99ELKBLRP: '1: Yes' },
};

test('replacements of knees and hips, deaths and last contacts arrive typed, and the API tells them', async () => {
  const summary = await bring(
    row(REPLACED),
    row({ id: '9000002', version: '11', V99RNTCNT: '5', V99ERHDATE: '06/22/05', V99ERHRPCF: '1', V99ERHBLRP: '0' }),
    row({ id: '9000003', version: '11', V99RNTCNT: '1', V99EDDCF: '2', V99EDDDATE: '12/06/06', V99EDDVSPR: '1' }),
  );

  expect(summary.refusals).toEqual([]);
  expect(summary.tables).toMatchObject([{ rows: 3, inserted: 3, updated: 0, refused: 0, passedOver: {} }]);
  const { data } = await api.ask(`{
    participants(orderBy: [{ field: OAI_ID, direction: ASC }]) {
      nodes {
        oaiId lastContact deathDate deathConfirmation deathAfter
        jointOutcomes { joint side replacedBefore date dateDocumented days confirmation type visitBefore visitAfter }
      }
    }
  }`);
  const nothing = { date: null, dateDocumented: null, days: null, confirmation: null, type: null };
  const alive = { deathDate: null, deathConfirmation: null, deathAfter: null };
  const nowhere = { visitBefore: null, visitAfter: null };
  expect((data!['participants'] as { nodes: object[] }).nodes).toEqual([
    {
      ...{ oaiId: '9000001', lastContact: 'V11', ...alive },
      jointOutcomes: [
        {
          ...{
            joint: 'KNEE',
            side: 'RIGHT',
            replacedBefore: false,
            date: '2010-02-15',
            dateDocumented: true,
            days: 1702,
          },
          ...{ confirmation: 'CONFIRMED', type: 'PARTIAL', visitBefore: 'V06', visitAfter: 'V07' },
        },
        { joint: 'KNEE', side: 'LEFT', replacedBefore: true, ...nothing, ...nowhere },
      ],
    },
    {
      ...{ oaiId: '9000002', lastContact: 'V05', ...alive },
      jointOutcomes: [
        {
          ...{ joint: 'HIP', side: 'RIGHT', replacedBefore: false, ...nothing, ...nowhere },
          ...{ date: '2005-06-22', confirmation: 'SELF_REPORTED' },
        },
      ],
    },
    {
      ...{ oaiId: '9000003', lastContact: 'V01', deathDate: '2006-12-06', deathConfirmation: 'CONFIRMED' },
      ...{ deathAfter: 'V01', jointOutcomes: [] },
    },
  ]);
});

test('each value of an outcome is reconciled by itself, and the other tables keep theirs', async () => {
  await release.table('Enrollees.txt', 'ID|VERSION|P02SEX|V00SITE', ['9000001|25|1: Male|C']);
  await bring(row(REPLACED));
  const people = api.dataSource.getRepository(Participant);
  const joints = api.dataSource.getRepository(JointOutcome);

  const older = await bring(row({ ...REPLACED, version: '8', V99ERKRPCF: '2', V99ERKDATE: '', V99RNTCNT: '10' }));
  expect(older.tables.find(({ file }) => file === 'OUTCOMES99.txt')).toMatchObject({ updated: 0, kept: 1 });
  expect(await joints.findOneBy({ side: 'RIGHT' })).toMatchObject({ confirmation: 'CONFIRMED', date: '2010-02-15' });
  const newer = await bring(row({ ...REPLACED, version: '12', V99ERKTLPR: NOBODYS, V99ERKDAYS: '1703' }));
  expect(newer.tables.find(({ file }) => file === 'OUTCOMES99.txt')!.changes).toEqual([
    expect.objectContaining({ table: 'joint_outcome', column: 'days', replaced: 1 }),
  ]);

  expect(await joints.findOneBy({ side: 'RIGHT' })).toMatchObject({ days: 1703, type: 'PARTIAL' });
  expect(await people.findOneBy({ oaiId: '9000001' })).toMatchObject({ sex: 'MALE', site: 'C', lastContact: 'V11' });
  const again = await importRelease(api.dataSource, release.path, { store: {} as BlobStore, reread: true });
  // What was partial has no code to say otherwise: the row is blank there.
  expect(again.tables).toMatchObject([
    { rows: 1, unchanged: 1 },
    { rows: 1, unchanged: 0, blank: 1 },
  ]);
});

test('a cell of an outcome that cannot be used is refused by itself, and a code is kept where there is no value', async () => {
  const summary = await bring(
    row({ ...REPLACED, V99ERKDATE: '02/31/10', V99ERKRPCF: '7', V99ERKVSPR: '40', V99ERKTLPR: '.D: Unknown' }),
  );

  expect(summary.refusals.map(({ row: line, reason }) => [line, reason])).toEqual([
    [2, 'V99ERKDATE is "02/31/10"; a date as mm/dd/yyyy is accepted. The rest of the row was read.'],
    [2, 'V99ERKRPCF is "7"; accepted are 0, 1, 2, 3. The rest of the row was read.'],
    [2, 'V99ERKVSPR is "40"; accepted are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12. The rest of the row was read.'],
  ]);
  const joint = await api.dataSource.getRepository(JointOutcome).findOneByOrFail({ side: 'RIGHT' });
  expect(joint).toMatchObject({ date: null, days: 1702, confirmation: null, type: null, visitBefore: null });
  expect(joint.origins['type']).toEqual([expect.any(Number), 2, '.D']);
});

test('knees are found by what became of them, ever or by a visit', async () => {
  const { make } = api;
  const baseline = async (oaiId: string) => {
    const visit = await make.visit(await make.participant({ oaiId, phantom: false }));
    await make.exam(visit);
    await make.exam(visit, { side: 'LEFT' });
  };
  for (const oaiId of ['9000001', '9000002', '9000003']) await baseline(oaiId);
  await bring(
    row(REPLACED),
    row({ id: '9000002', version: '11', V99ERKBLRP: '0', V99ERKRPCF: '0', V99ERKDAYS: '100' }),
  );
  const found = async (outcome: object) => {
    const { data, errors } = await api.ask<{
      kneeExams: { nodes: { side: string; participant: { oaiId: string } }[] };
    }>('query ($where: KneeExamFilter) { kneeExams(where: $where) { nodes { side participant { oaiId } } } }', {
      where: outcome,
    });
    expect(errors).toBeUndefined();
    return data!.kneeExams.nodes.map(({ side, participant }) => `${participant.oaiId} ${side}`).sort();
  };

  expect(await found({ outcome: { replaced: true } })).toEqual(['9000001 LEFT', '9000001 RIGHT']);
  expect(await found({ outcome: { replacedBy: 'V06' } })).toEqual(['9000001 LEFT']);
  expect(await found({ outcome: { replacedBy: 'V07' } })).toEqual(['9000001 LEFT', '9000001 RIGHT']);
  expect(await found({ outcome: { type: { eq: 'PARTIAL' }, visitAfter: { lte: 'V08' } } })).toEqual(['9000001 RIGHT']);
  expect(await found({ outcome: { confirmation: { eq: 'NOT_CONFIRMED' } } })).toEqual(['9000002 RIGHT']);
  expect(await found({ not: { outcome: { replaced: true } } })).toHaveLength(4);
  expect(await found({ participant: { jointOutcomes: { some: { joint: { eq: 'KNEE' }, replaced: true } } } })).toEqual([
    '9000001 LEFT',
    '9000001 RIGHT',
  ]);
  const { data } = await api.ask(
    '{ kneeExams(where: { outcome: { type: { eq: PARTIAL } } }) { nodes { outcome { days } } } }',
  );
  expect(data).toEqual({ kneeExams: { nodes: [{ outcome: { days: 1702 } }] } });
});
