import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { runProgram } from '../helpers/program.js';
import { hasRPackages } from '../helpers/python.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

/** The guide's program, which reads an export, and its query. */
const guide = readFileSync(join(packageRoot, 'docs/guides/data-scientist.md'), 'utf8');
const program = [...guide.matchAll(/^```r\n(.*?)^```/gms)]
  .map(([, text]) => text!)
  .find((text) => /survfit/.test(text))!;
const query = [...guide.matchAll(/^```graphql\n(.*?)^```/gms)]
  .map(([, text]) => text!)
  .find((text) => /^query TimeToOsteoarthritis/.test(text))!;

const PACKAGES = ['survival', 'jsonlite'];
const testWithR = hasRPackages(PACKAGES) ? test : test.skip;

let api: TestServer;
let folder: string;

beforeAll(async () => {
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-survival-r-'));
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

testWithR('R finds in an export what the API says of a whole release, by the program of the guide', async () => {
  const visits = ['V00', 'V01', 'V03', 'V05', 'V06', 'V08', 'V10'] as const;
  await importSyntheticTables(api.dataSource, { participants: 400, seed: 5, visits });
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      columns: ['sex', 'bmi', 'xrkl'],
      event: { event: 'KL_GE_2', competing: ['KNEE_REPLACEMENT', 'DEATH'] },
      where: { visit: { eq: 'V00' } },
    }),
  });
  await writeFile(join(folder, 'knees.csv'), await response.text());
  await writeFile(join(folder, 'program.R'), `setwd(commandArgs(trailingOnly = TRUE)[1])\n${program}\n${TOLD}`);

  const seen = JSON.parse(await runProgram('Rscript', [join(folder, 'program.R'), folder])) as Seen;
  const { data, errors } = await api.ask<{ survival: Told }>(query);

  expect(errors).toBeUndefined();
  const { groups, logRank, examined, leftOut } = data!.survival;
  expect(leftOut.reduce((sum, { knees }) => sum + knees, 0) + seen.knees).toBe(examined);
  expect(groups.map(({ values }) => values[0]!.value)).toEqual(['MALE', 'FEMALE']);
  const told = ['FEMALE', 'MALE'].map((sex) => groups.find(({ values }) => values[0]!.value === sex)!);
  for (const [kind, name] of (['osteoarthritis', 'replaced', 'died'] as const).entries()) {
    const shares = told.flatMap(({ cumulativeIncidence }) => cumulativeIncidence[kind]!.points);
    expect(shares.map(({ estimate }) => estimate)).toEqual(
      seen[name].map((share) => expect.closeTo(share, 10) as number),
    );
    expect(shares.map(({ atRisk }) => atRisk)).toEqual(seen.atRisk);
  }
  expect(logRank.clustered.chiSquare).toBeCloseTo(seen.chiSquare, 8);
});

/** What of the program's objects is compared, and the log-rank test that goes with them. */
const TOLD = `
s <- summary(curves, times = c(365, 731, 1461, 2922), extend = TRUE)
test <- coxph(Surv(time, status == 1) ~ sex, knees, ties = "breslow", cluster = oai_id)
cat(jsonlite::toJSON(list(
  knees = nrow(knees), atRisk = sapply(seq_along(s$time), function(i) sum(knees$time >= s$time[i] & paste0("sex=", knees$sex) == s$strata[i])),
  osteoarthritis = s$pstate[, 2], replaced = s$pstate[, 3], died = s$pstate[, 4], chiSquare = c(test$rscore)
), digits = NA, auto_unbox = TRUE))
`;

interface Seen {
  knees: number;
  atRisk: number[];
  osteoarthritis: number[];
  replaced: number[];
  died: number[];
  chiSquare: number;
}

interface Told {
  examined: number;
  leftOut: { knees: number }[];
  groups: {
    values: { value: string }[];
    cumulativeIncidence: { points: { estimate: number; atRisk: number }[] }[];
  }[];
  logRank: { clustered: { chiSquare: number } };
}
