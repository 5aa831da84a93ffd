import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether strips of an image were made black. Why: docs/decisions/0061-what-a-redaction-removed.md. */
export class MarkRedactedImages1760000005820 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['radiograph', 'mri_series']) {
      await runner.query(`ALTER TABLE ${table} ADD COLUMN redacted boolean NOT NULL DEFAULT false`);
      // A row that undoing brings back is written with all its columns.
      await runner.query(
        `UPDATE import_change SET before = before || jsonb_build_object('redacted', redacted) WHERE table_name = '${table}' AND before IS NOT NULL`,
      );
      await runner.query(
        `UPDATE ${table} t SET redacted = true FROM import_change c
         WHERE c.redacted AND c.table_name = '${table}' AND c.row_id = t.id AND c.asset_id = t.asset_id`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['radiograph', 'mri_series']) {
      await runner.query(`ALTER TABLE ${table} DROP COLUMN redacted`);
      await runner.query(`UPDATE import_change SET before = before - 'redacted' WHERE table_name = '${table}'`);
    }
  }
}
