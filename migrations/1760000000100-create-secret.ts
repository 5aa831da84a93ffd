import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that every API process of one installation shares: the one that signs asset URLs. */
export class CreateSecret1760000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE secret (name text NOT NULL, value text NOT NULL, CONSTRAINT "PK_f05861f3e072021bda08543eb4c" PRIMARY KEY (name))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE secret');
  }
}
