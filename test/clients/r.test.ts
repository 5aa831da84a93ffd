import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parse } from 'csv-parse/sync';
import { encodeId } from '../../src/domain/global-ids.js';
import { packageRoot, packageVersion } from '../../src/domain/package.js';
import { createToken } from '../../src/services/access/tokens.js';
import { upTo } from '../helpers/events.js';
import { type Line, openLine } from '../helpers/line.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { runProgram } from '../helpers/program.js';
import { CLIENT_FOLDER, CLIENT_MODULES, hasRPackages, pythonWith } from '../helpers/python.js';
import { type ServeProcess, startServeOf } from '../helpers/serve-process.js';
import { ask } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

const NEEDED = ['cli', 'curl', 'httr2', 'jsonlite', 'openssl', 'png', 'readr', 'tibble'];
const TESTED_WITH = ['survival', 'testthat', 'webfakes', 'withr'];
const withR = hasRPackages([...NEEDED, ...TESTED_WITH]);
const testWithR = withR ? test : test.skip;
const python = pythonWith(CLIENT_MODULES);
const testWithBoth = withR && python ? test : test.skip;

const BUILT = `osteograph_${packageVersion}.tar.gz`;

let platform: TestPlatform;
let serve: ServeProcess;
let line: Line;
let folder: string;
/** Of a knee with a film and an MRI series. */
let exam: string;
let operator: string;
let administrator: string;

beforeAll(async () => {
  if (!withR) {
    console.warn(
      `No Rscript with ${[...NEEDED, ...TESTED_WITH].join(', ')} was found: the client for R is not tested.`,
    );
    return;
  }
  folder = await mkdtemp(join(tmpdir(), 'osteograph-r-'));
  platform = await createTestPlatform();
  await importSyntheticTables(platform.dataSource, { participants: 60, seed: 4, visits: ['V00', 'V03', 'V06'] });
  exam = encodeId('KneeExam', (await createExam(platform, { mri: true })).exam.id);
  operator = (await createToken(platform.dataSource, { name: 'operator', role: 'OPERATOR' })).text;
  administrator = (await createToken(platform.dataSource, { name: 'administrator', role: 'ADMIN' })).text;
  serve = await startServeOf(platform);
  line = await openLine(Number(new URL(serve.url).port));
  await runProgram('R', ['CMD', 'build', '--no-manual', join(packageRoot, 'clients/r')], {}, folder);
  await runProgram('R', ['CMD', 'INSTALL', '--no-docs', `--library=${folder}`, join(folder, BUILT)]);
});

afterEach(() => line?.block(undefined));

afterAll(async () => {
  if (!withR) return;
  line?.close();
  await serve?.end('SIGTERM');
  await platform.close();
  await rm(folder, { recursive: true, force: true });
});

/** What R finds the package, the server and a token by. */
const environment = (url = serve.url, token = operator): NodeJS.ProcessEnv => ({
  OSTEOGRAPH_URL: url,
  OSTEOGRAPH_TOKEN: token,
  R_LIBS: folder,
});

/** Runs a program of R to its end and gives what it printed. */
async function runR(program: string, env = environment()): Promise<string> {
  await writeFile(join(folder, 'program.R'), program);
  return runProgram('Rscript', ['program.R'], env, folder);
}

/** A minute, and ten times that on a loaded machine. */
const SUITE_MS = 1_200_000;

testWithR(
  'R CMD check finds nothing to say of the package, whose own tests pass against a real server',
  async () => {
    const env = { ...environment(), OSTEOGRAPH_TEST_URL: serve.url, OSTEOGRAPH_TEST_TOKEN: administrator };
    const said = await runProgram('R', ['CMD', 'check', '--no-manual', BUILT], env, folder);
    const tested = await readFile(join(folder, 'osteograph.Rcheck/tests/testthat.Rout'), 'utf8');

    expect(said).toMatch(/^Status: OK$/m);
    expect(tested).toMatch(/FAIL 0 \| WARN 0 \| SKIP 0 \| PASS \d{3}/);
  },
  SUITE_MS,
);

/** Frames that are asked for in both languages, by their arguments as JSON. */
const FRAMES: Record<string, object> = {
  'all columns': { variables: ['V00INCOME', 'KOOSYM', 'P01INJR'] },
  'readings by project': { columns: ['readings'] },
  'visits beside baseline': { shape: 'wide', columns: ['xrkl', 'womac_pain', 'bmi'], visits: ['V03', 'V06'] },
  'the same knees at two visits': { columns: ['grades', 'scores'], visits: ['V00', 'V06'], missing: false },
  people: { shape: 'wide', unit: 'participant', columns: ['visit', 'grades'], visits: ['V06'], variables: ['KOOSYM'] },
  'people at visits': { unit: 'participant', columns: ['sex', 'scores', 'xrkl'] },
  pairs: {
    ...{ shape: 'wide', unit: 'pair', columns: ['age', 'xrkl'] },
    pairs: { of: 'SAME_PERSON', cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } },
  },
  'numbers over time': {
    ...{ columns: ['sex'], changes: [['WOMKP', 'V00', 'V06']], slopes: [['KOOSYM', 'V00', 'V06']] },
    ...{ event: 'KL_GE_2', competing: ['KNEE_REPLACEMENT', 'DEATH'], split: { folds: 3, seed: 2 } },
  },
};

/** Writes each frame as CSV, numbers with every digit, and the levels of its factors as JSON. */
const WRITE_FRAMES_IN_R = `
library(osteograph)
asked <- jsonlite::fromJSON("frames.json", simplifyVector = FALSE)
baseline <- cohort(osteograph_connect(), where = list(visit = list(eq = "V00")))
for (name in names(asked)) {
  told <- do.call(frame, c(list(baseline), asked[[name]]))
  levels <- lapply(Filter(is.factor, told), levels)
  cells <- lapply(told, function(values) {
    if (is.double(values) && !inherits(values, "Date")) ifelse(is.na(values), NA, sprintf("%.17g", values)) else as.character(values)
  })
  readr::write_csv(tibble::as_tibble(cells), paste0(name, ".r.csv"), na = "")
  jsonlite::write_json(levels, paste0(name, ".r.json"))
}
`;

const WRITE_FRAMES_IN_PYTHON = `
import json
import osteograph, pandas

asked = json.load(open('frames.json'))
baseline = osteograph.connect().cohort(where={'visit': {'eq': 'V00'}})

def cells(values):
    if values.dtype == 'float64':
        return values.map(lambda value: f'{value:.17g}', na_action='ignore')
    if values.dtype == 'boolean':
        return values.map({True: 'TRUE', False: 'FALSE'})
    return values.dt.strftime('%Y-%m-%d') if values.dtype.kind == 'M' else values.astype('string')

for name, arguments in asked.items():
    told = baseline.frame(**arguments)
    levels = {name: list(told[name].cat.categories) for name in told if isinstance(told[name].dtype, pandas.CategoricalDtype)}
    told.apply(cells).to_csv(f'{name}.python.csv', index=False)
    json.dump(levels, open(f'{name}.python.json', 'w'))
`;

testWithBoth(
  'frames in R are those in Python: the same columns, rows, order, values to the last bit, and levels',
  async () => {
    await writeFile(join(folder, 'frames.json'), JSON.stringify(FRAMES));
    await writeFile(join(folder, 'frames.py'), WRITE_FRAMES_IN_PYTHON);
    await runProgram(python!, ['frames.py'], { ...environment(), PYTHONPATH: CLIENT_FOLDER }, folder);
    await runR(WRITE_FRAMES_IN_R);

    for (const name of Object.keys(FRAMES)) {
      const [inR, inPython] = await Promise.all(
        ['r', 'python'].map(async (language) => ({
          rows: parse(await readFile(join(folder, `${name}.${language}.csv`), 'utf8')) as string[][],
          levels: JSON.parse(await readFile(join(folder, `${name}.${language}.json`), 'utf8')) as unknown,
        })),
      );
      expect(inR!.rows.length).toBeGreaterThan(5);
      expect({ name, ...inR }).toEqual({ name, ...inPython });
    }
  },
);

testWithR('a frame holds what an export holds', async () => {
  await writeFile(join(folder, 'frames.json'), JSON.stringify({ exported: {} }));
  await runR(WRITE_FRAMES_IN_R);
  const frame = parse<Row>(await readFile(join(folder, 'exported.r.csv'), 'utf8'), { columns: true });
  const response = await fetch(`${serve.url}/exports?${new URLSearchParams({ where: '{"visit":{"eq":"V00"}}' })}`, {
    headers: { authorization: `Bearer ${operator}` },
  });
  const exported = parse<Row>(await response.text(), { columns: true });
  const byExam = new Map(frame.map((row) => [row['exam_id'], row]));

  expect(frame.length).toBe(121);
  expect(exported.map((row) => comparable(byExam.get(row['exam_id'])!))).toEqual(exported.map(comparable));
});

type Row = Record<string, string>;

/** Cells without what tells languages apart: 27 and 27.0, true and TRUE. */
function comparable(row: Row): Record<string, string | number> {
  const plain = (cell: string) => (cell !== '' && !Number.isNaN(Number(cell)) ? Number(cell) : cell.toLowerCase());
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plain(cell)]));
}

testWithR('what is too much to stream is the same by a job', async () => {
  const refusing = await startRefusing();
  try {
    const asked = `frame(cohort(osteograph_connect(), where = list(visit = list(eq = "V00"))), columns = "bmi", variables = "KOOSYM")`;
    const program = `library(osteograph)\ncat(readr::format_csv(${asked}))\n`;
    const byJob = await runR(program, environment(refusing.url));

    expect(refusing.refused()).toBe(1);
    expect(parse(byJob)).toHaveLength(122);
    expect(byJob).toBe(await runR(program));
  } finally {
    refusing.close();
  }
});

/** A server in front of the server that refuses to stream tables, as where they have too many rows. */
async function startRefusing(): Promise<{ url: string; refused(): number; close(): void }> {
  let refused = 0;
  const server: Server = createServer((near, answer) => {
    if (near.url === '/exports') {
      refused += 1;
      near.resume();
      const extensions = { code: 'LIMIT_EXCEEDED' };
      answer.writeHead(400, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ errors: [{ message: 'At most 20000 are streamed at once.', extensions }] }));
      return;
    }
    const far = request(serve.url + near.url!, { method: near.method!, headers: near.headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers);
      given.pipe(answer);
    });
    near.pipe(far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    close: () => void server.close(),
  };
}

testWithR('a connection that is cut twice loses no event and brings none twice', async () => {
  await writeFile(
    join(folder, 'follow.R'),
    `library(osteograph)
     run <- generate_mri(osteograph_connect(), "${exam}", slice_count = 30, steps = 3, seed = 1)
     cat(run$id, "\\n")
     follow(run, each = function(event) { cat(event$seq, "\\n"); flush(stdout()) })`,
  );
  const child = spawn('Rscript', ['follow.R'], {
    cwd: folder,
    env: { ...process.env, ...environment(line.url) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: string[] = [];
  for await (const said of createInterface({ input: child.stdout })) {
    printed.push(said.trim());
    if (said.trim() === '2' || said.trim() === '9') line.cut();
  }
  const [id, ...numbers] = printed;
  const query = 'query ($id: ID!) { generation(id: $id) { lastSeq } }';
  const { data } = await ask<{ generation: { lastSeq: number } }>(serve.url, query, { id }, administrator);

  expect(numbers.map(Number)).toEqual(upTo(data!.generation.lastSeq));
});

testWithR('where no event stream gets through the row comes to the end', async () => {
  line.block(/text\/event-stream/i);
  const printed = await runR(
    `library(osteograph)
     run <- generate_mri(osteograph_connect(), "${exam}", slice_count = 4, steps = 1, seed = 3)
     updates <- follow(run)
     cat(vapply(updates, function(update) update[["__typename"]], ""), "\\n")
     last <- updates[[length(updates)]]
     cat(last$state, length(last$slices), "\\n")
     cat(vapply(updates, function(update) update$lastSeq, 1L), "\\n")`,
    environment(line.url),
  );
  const [kinds, last, numbers] = printed.split('\n').map((words) => words.trim().split(' '));

  expect(new Set(kinds)).toEqual(new Set(['Generation']));
  expect(last).toEqual(['SUCCEEDED', '4']);
  expect(numbers!.map(Number)).toEqual(numbers!.map(Number).toSorted((one, other) => one - other));
});

testWithR('what the page of the package shows runs as it is', async () => {
  const page = await readFile(join(packageRoot, 'clients/r/README.md'), 'utf8');
  const blocks = [...page.matchAll(/^```r\n(.*?)^```/gms)].map(([, block]) => block!);
  await writeFile(join(folder, 'pairs.csv'), 'ID,SIDE,visit\n1000001,1: Right,V00\n1000002,2: Left,V00\n');

  expect(await runR(`${blocks.join('\n')}\ncat("to the end\\n")\n`)).toMatch(/^to the end$/m);
});

testWithR('the first ten minutes in R run against a real server', async () => {
  const program = await readFile(join(packageRoot, 'examples/r/first_ten_minutes.R'), 'utf8');
  const printed = await runR(program);

  expect(printed).toMatch(/^\d+ knees$/m);
  expect(printed).toMatch(/^<Cohort 'KL 2-3 at baseline', version 1>$/m);
  expect(printed).toMatch(/^\d+ xrkl +integer +<NA> +Kellgren-Lawrence grade/m);
  expect(printed).toMatch(/^\d+ of \d+ knees are worse at 48 months$/m);
  expect(printed).toMatch(/^\d+ womacPain +WOMAC pain, 0 \(none\) to 20 +NUMBER +\S+ +KNEE_EXAM/m);
  expect(printed).toMatch(/^film of \d{7}: 256 x 256 pixels, \d+ to \d+$/m);
  expect(printed).toMatch(/^COR_T1_3D_FLASH_RIGHT: 64 x 64 x 80 voxels of 2.5 x 2.5 x 1.5 mm$/m);
});
