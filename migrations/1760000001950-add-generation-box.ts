import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The square of the film that a generation sees: given by the request, or found once and kept for later attempts. */
export class AddGenerationBox1760000001950 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN box jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation DROP COLUMN box`);
  }
}
