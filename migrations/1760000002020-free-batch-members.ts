import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Takes the foreign keys off what a batch writes by the ten thousand: checking them row by row takes longer than writing. */
export class FreeBatchMembers1760000002020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, name] of FREED) await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, name, column, target] of FREED) {
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${target}(id) ON DELETE CASCADE`,
      );
    }
  }
}

const FREED = [
  ['generation', 'FK_f7e7d161a5aa8bad5b32bc39d7a', 'batch_id', 'batch'],
  ['batch_member', 'FK_f209ac0ea2d3542210970b966d9', 'batch_id', 'batch'],
  ['batch_member', 'FK_7d393fe95367aaefef79251b6f1', 'generation_id', 'generation'],
] as const;
