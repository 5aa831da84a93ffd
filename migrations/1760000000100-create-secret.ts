import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that every API process of one installation shares: the one that signs asset URLs. */
export class CreateSecret1760000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE secret (name text NOT NULL PRIMARY KEY, value text NOT NULL)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE secret');
  }
}
