import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run bench -- <name> [--json]`: each benchmark is a module beside this one that exports `run`. */
const HERE = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(HERE)
  .filter((file) => /^[a-z-]+\.js$/.test(file) && file !== 'run.js' && file !== 'report.js')
  .map((file) => file.slice(0, -'.js'.length));

const [name, ...flags] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.error(`Usage: npm run bench -- <${names.join(' | ')}> [--json]`);
  process.exitCode = 2;
} else {
  const { run } = (await import(`./${name}.js`)) as { run(options: { json: boolean; args: string[] }): Promise<void> };
  await run({ json: flags.includes('--json'), args: flags.filter((flag) => flag !== '--json') });
}
