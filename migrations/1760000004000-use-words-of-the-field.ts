import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Columns and tables that keep filters as they were asked, in the API's words. */
const FILTERS = [
  ['cohort_version', 'filter'],
  ['cohort_version', 'attrition'],
  ['batch', 'filter'],
  ['evaluation', 'filter'],
  ['export', 'filter'],
] as const;

/**
 * A *preferred reading*, once called the consensus, and a *knee detector*, once the localiser, which to a radiologist is the scout
 * scan. Stored filters and provenance are rewritten too, so that they mean what they meant.
 */
export class UseWordsOfTheField1760000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE knee_exam RENAME COLUMN consensus_project TO preferred_project');
    await rewriteFilters(runner, 'consensusProject', 'preferredProject');
    await rewriteFilters(runner, 'CONSENSUS', 'PREFERRED');
    await renameColumn(runner, 'consensus_project', 'preferred_project');
    await renameTask(runner, 'knee-localisation', 'knee-detection');
    await renameKey(runner, 'generation', 'localiser', 'kneeDetector');
  }

  async down(runner: QueryRunner): Promise<void> {
    await renameKey(runner, 'generation', 'kneeDetector', 'localiser');
    await renameTask(runner, 'knee-detection', 'knee-localisation');
    await renameColumn(runner, 'preferred_project', 'consensus_project');
    await rewriteFilters(runner, 'PREFERRED', 'CONSENSUS');
    await rewriteFilters(runner, 'preferredProject', 'consensusProject');
    await runner.query('ALTER TABLE knee_exam RENAME COLUMN preferred_project TO consensus_project');
  }
}

/** A word of the API stands in quotation marks of its own: as the name of a field, or as the value of an enum. */
async function rewriteFilters(runner: QueryRunner, from: string, to: string): Promise<void> {
  for (const [table, column] of FILTERS) {
    await runner.query(
      `UPDATE ${table} SET ${column} = replace(${column}::text, $1, $2)::json WHERE strpos(${column}::text, $1) > 0`,
      [JSON.stringify(from), JSON.stringify(to)],
    );
  }
}

/** Columns of exports that are asked for; the manifests of files that are written say what these files hold. */
async function renameColumn(runner: QueryRunner, from: string, to: string): Promise<void> {
  await runner.query(
    'UPDATE export SET columns = array_replace(columns, $1::text, $2::text) WHERE $1 = ANY (columns)',
    [from, to],
  );
}

async function renameTask(runner: QueryRunner, from: string, to: string): Promise<void> {
  await runner.query(
    `UPDATE bundle SET task = $2, manifest = jsonb_set(manifest, '{task}', to_jsonb($2::text)) WHERE task = $1`,
    [from, to],
  );
}

async function renameKey(runner: QueryRunner, table: string, from: string, to: string): Promise<void> {
  await runner.query(
    `UPDATE ${table} SET origin = (origin - $1::text) || jsonb_build_object($2::text, origin -> $1::text) WHERE origin ? $1::text`,
    [from, to],
  );
}
