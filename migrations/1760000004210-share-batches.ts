import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Batches of every task. */
export class ShareBatches1760000004210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE batch ADD COLUMN task text NOT NULL DEFAULT 'xray-to-mri'`);
    await runner.query(`ALTER TABLE batch ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}'`);
    for (const column of ['slice_count', 'sampler', 'seed', 'noise']) {
      await runner.query(`ALTER TABLE batch ALTER COLUMN ${column} DROP NOT NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    // What makes no volumes has no place in the schema of before.
    await runner.query(
      `UPDATE generation SET batch_id = NULL, batch_position = NULL WHERE batch_id IN (SELECT id FROM batch WHERE task <> 'xray-to-mri')`,
    );
    await runner.query(`DELETE FROM batch WHERE task <> 'xray-to-mri'`);
    for (const column of ['slice_count', 'sampler', 'seed', 'noise']) {
      await runner.query(`ALTER TABLE batch ALTER COLUMN ${column} SET NOT NULL`);
    }
    await runner.query(`ALTER TABLE batch DROP COLUMN parameters`);
    await runner.query(`ALTER TABLE batch DROP COLUMN task`);
  }
}
