import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What had a client key was asked for in words that the audit kept. */
const KEYED = [
  { table: 'generation', action: 'generateMri', asked: `jsonb_strip_nulls(a.detail - 'clientKey')` },
  {
    table: 'batch',
    action: 'synthesizeCohort',
    // The nulls of a filter mean something.
    asked: `jsonb_strip_nulls(a.detail - 'clientKey' - 'exams' - 'filter') || jsonb_build_object('filter', a.detail->'filter')`,
  },
];

/** A request with a client key is kept as it was asked, so that asking again is compared with that and not with what came of it. */
export class RememberRequests1760000003072 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { table, action, asked } of KEYED) {
      await runner.query(`ALTER TABLE ${table} ADD COLUMN request jsonb`);
      await runner.query(
        `UPDATE ${table} t SET request = ${asked} FROM audit_entry a
         WHERE t.client_key IS NOT NULL AND a.action = '${action}' AND a.target = t.id::text`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { table } of KEYED) await runner.query(`ALTER TABLE ${table} DROP COLUMN request`);
  }
}
