import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The trace that a generation was asked for in, for the spans of whichever worker takes it. */
export class AddGenerationTraceparent1760000002400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN traceparent text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation DROP COLUMN traceparent`);
  }
}
