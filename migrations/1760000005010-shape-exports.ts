import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of exports with times to events, and with one row per knee. */
export class ShapeExports1760000005010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE export ADD COLUMN shape json');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE export DROP COLUMN shape');
  }
}
