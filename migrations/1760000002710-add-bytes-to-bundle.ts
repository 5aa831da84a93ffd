import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How large the graphs of a bundle are. Unknown until its folder is read again, which every start does. */
export class AddBytesToBundle1760000002710 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE bundle ADD COLUMN bytes bigint`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE bundle DROP COLUMN bytes`);
  }
}
