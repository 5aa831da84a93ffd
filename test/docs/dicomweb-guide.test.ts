import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { type DicomwebServer, type Json, startDicomwebServer, valueOf } from '../helpers/dicomweb.js';
import { hasProgram, pythonWith } from '../helpers/python.js';
import { runProgram } from '../helpers/program.js';
import { bilateralDicom } from '../helpers/radiographs.js';

const python = pythonWith(['dicomweb_client', 'pydicom', 'numpy']);
const needsPrograms = python && hasProgram('curl') ? test : test.skip;

let api: DicomwebServer;

beforeAll(async () => {
  api = await startDicomwebServer();
});

afterAll(() => api.close());

/** Blocks of a section of a page, with the address of the server in the place of the one that the page gives. */
function blocks(page: string, section: string, language: string): string[] {
  const text = readFileSync(join(packageRoot, page), 'utf8').split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) =>
    match[1]!.replaceAll('http://127.0.0.1:4000', api.url),
  );
}

needsPrograms('the commands of the guide and of the API page find the series', async () => {
  const commands = [
    ...blocks('docs/guides/lab-operator.md', 'DICOMweb', 'sh'),
    ...blocks('docs/api.md', 'DICOMweb', 'sh'),
  ];

  expect(commands).toHaveLength(2);
  for (const command of commands) {
    const answer = await runProgram('sh', ['-c', command], { TOKEN: api.tokens.READER });
    const studies = JSON.parse(answer) as Json[];
    expect(studies.map((study) => valueOf(study, '00100020'))).toContain('9000001');
  }
});

needsPrograms('the program of the guide prints every slice, and stores a film', async () => {
  const [search, store, ...more] = blocks('docs/guides/lab-operator.md', 'DICOMweb', 'python');
  const elements = { StudyInstanceUID: '1.2.840.77.1', SeriesInstanceUID: '1.2.840.77.1.1', InstanceNumber: 1 };
  await api.files.write('film.dcm', bilateralDicom(elements));

  const printed = await runProgram(
    python!,
    ['-c', `${search!}\n${store!}`],
    { TOKEN: api.tokens.OPERATOR },
    api.files.path,
  );

  expect(more).toEqual([]);
  const lines = printed.trim().split('\n');
  expect(lines.slice(0, 3)).toEqual([3, 2, 1].map((number) => `9000001 COR T1 3D FLASH RIGHT ${number} (8, 8)`));
  expect(lines[3]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/dicomweb\/studies\/[\d.]+\/series\/[\d.]+\/instances\/[\d.]+$/);
});
