import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * What a test file needs decides which project it belongs to, and what it needs is what it imports, itself or by the helpers it
 * imports: a file is never in the wrong one, and nobody keeps a list.
 */
const NEEDS = [
  ['web', ['browser', 'web-app']],
  [
    'process',
    ['command', 'serve-process', 'worker-process', 'network', 'program', 's3', 'python', 'queues', 'software-vulkan'],
  ],
  ['database', ['database', 'open-postgres']],
];

/**
 * Benches start programs; so does the host of inference; whole phantoms, shipped networks and real data take as long. A unit is done in
 * seconds.
 */
const LASTING =
  /'..\/..\/bench\/|inference\/host|oai\/synthetic\/|'models\/?'|models\/knee-|shared\/data\/(?:paper-case|xrays)/;

/** In the order in which they are worth waiting for. */
export const PROJECTS = ['unit', 'database', 'process', 'web'];

/** Test files, relative to the folder, by project. */
export function testFiles(folder) {
  const found = Object.fromEntries(PROJECTS.map((project) => [project, []]));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.test.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    found[projectOf(file, join(folder, 'helpers'))].push(relative(folder, file));
  }
  return found;
}

function projectOf(file, helpers) {
  const used = new Set();
  follow(file, helpers, used);
  return NEEDS.find(([, names]) => names.some((name) => used.has(name)))?.[0] ?? 'unit';
}

/** Collects the names of the helpers that a file imports, and of those that they import. */
function follow(file, helpers, used) {
  const text = readFileSync(file, 'utf8');
  if (LASTING.test(text)) used.add('program');
  for (const [, specifier] of text.matchAll(/from '(\.[^']*)\.js'|import\('(\.[^']*)\.js'\)/g)) {
    if (!specifier) continue;
    const target = join(dirname(file), `${specifier}.ts`);
    if (dirname(target) !== helpers || !existsSync(target)) continue;
    const name = relative(helpers, target).slice(0, -'.ts'.length);
    if (used.has(name)) continue;
    used.add(name);
    follow(target, helpers, used);
  }
}
