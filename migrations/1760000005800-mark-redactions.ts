import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an image was before strips of it were made black is not kept any more. Why: docs/decisions/0061-what-a-redaction-removed.md. */
export class MarkRedactions1760000005800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE import_change ADD COLUMN redacted boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE import_change DROP COLUMN redacted');
  }
}
