import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { packageRoot } from '../domain/package.js';
import { type VariableTable, variablesOf } from '../domain/variables/index.js';
import { connect, dumpSchema, migrate, startEmbeddedPostgres } from './database/index.js';
import { mutationFaults } from './mutation-faults.js';
import { openApiDocument } from './openapi/index.js';
import { platformSchema } from './schema.js';

/**
 * Run by "npm run generate": writes schema.graphql, openapi.json, test/schema.sql and the web app's fragments of variables, which are committed and
 * checked for drift.
 */
const schema = await platformSchema();
const faults = mutationFaults(schema);
if (faults.length > 0) throw new Error(`The schema breaks its conventions:\n${faults.join('\n')}`);
await writeFile(join(packageRoot, 'schema.graphql'), `${printSchema(lexicographicSortSchema(schema))}\n`);
await writeFile(join(packageRoot, 'openapi.json'), `${JSON.stringify(openApiDocument(), null, 2)}\n`);
await writeFile(join(packageRoot, 'web', 'src', 'lib', 'variable-fragments.ts'), variableFragments());
await writeFile(join(packageRoot, 'test', 'schema.sql'), await freshDump());

/** GraphQL fragments that ask for every variable: the web app's queries name none of them, and TypeScript knows them all. */
function variableFragments(): string {
  const types: [VariableTable, string][] = [
    ['participant', 'Participant'],
    ['visit', 'Visit'],
    ['knee_exam', 'KneeExam'],
  ];
  const fragments = types.map(([table, type]) => {
    const name = `${table.toUpperCase()}_VARIABLES`;
    const fields = variablesOf(table).map(({ code }) => `    ${code}\n`);
    return (
      `export const ${name} = graphql(` + `\`\n  fragment ${type}Variables on ${type} {\n${fields.join('')}  }\n\`);\n`
    );
  });
  const says =
    '// Written by "npm run generate" from the dictionary of variables (src/domain/variables). Not to be edited.';
  return `${says}\nimport { graphql } from './graphql.ts';\n\n${fragments.join('\n')}`;
}

async function freshDump(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-generate-'));
  const postgres = await startEmbeddedPostgres(folder, { disposable: true });
  try {
    const dataSource = await connect(postgres.url);
    await migrate(dataSource);
    const dump = await dumpSchema(dataSource);
    await dataSource.destroy();
    return dump;
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
