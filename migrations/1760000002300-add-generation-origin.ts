import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a generation was made from and with: code, hashes of its inputs, timings. Unknown of those made before. */
export class AddGenerationOrigin1760000002300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN origin jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation DROP COLUMN origin`);
  }
}
