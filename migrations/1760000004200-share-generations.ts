import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Generations of every task: what one makes need not be a volume, and its files stand in a table of their own. */
export class ShareGenerations1760000004200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE generation ADD COLUMN task text NOT NULL DEFAULT 'xray-to-mri'`);
    await runner.query(`ALTER TABLE generation ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}'`);
    await runner.query(`ALTER TABLE generation ALTER COLUMN features SET DEFAULT '{}'`);
    for (const column of ['slice_count', 'sampler', 'seed', 'noise']) {
      await runner.query(`ALTER TABLE generation ALTER COLUMN ${column} DROP NOT NULL`);
    }
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_made_from`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_made_from CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NOT NULL OR side IS NULL))`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_of_volume CHECK (task <> 'xray-to-mri' OR (slice_count IS NOT NULL AND sampler IS NOT NULL AND seed IS NOT NULL AND noise IS NOT NULL AND (upload_id IS NULL OR side IS NOT NULL)))`,
    );
    await runner.query(
      `CREATE TABLE generation_output (generation_id uuid NOT NULL, kind text NOT NULL, index smallint NOT NULL DEFAULT '0', rows integer, columns integer, asset_id integer NOT NULL, CONSTRAINT "PK_3441544ac5242f1a8efd6192410" PRIMARY KEY (generation_id, kind, index))`,
    );
    await runner.query(`CREATE INDEX "IDX_generation_output_asset" ON generation_output(asset_id)`);
    await runner.query(
      `ALTER TABLE generation_output ADD CONSTRAINT "FK_fc82aa0dd49a1f7d907194906ae" FOREIGN KEY (generation_id) REFERENCES generation(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE generation_output ADD CONSTRAINT "FK_349de1517023d43dfe047bc775a" FOREIGN KEY (asset_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `INSERT INTO generation_output (generation_id, kind, asset_id)
       SELECT generation_id, 'VOLUME', asset_id FROM mri_series WHERE generation_id IS NOT NULL AND asset_id IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // What is no volume has no place in the schema of before.
    await runner.query(`DELETE FROM generation WHERE task <> 'xray-to-mri'`);
    await runner.query('DROP TABLE generation_output');
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_of_volume`);
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_made_from`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_made_from CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NULL) = (side IS NULL))`,
    );
    for (const column of ['slice_count', 'sampler', 'seed', 'noise']) {
      await runner.query(`ALTER TABLE generation ALTER COLUMN ${column} SET NOT NULL`);
    }
    await runner.query(`ALTER TABLE generation ALTER COLUMN features DROP DEFAULT`);
    await runner.query(`ALTER TABLE generation DROP COLUMN parameters`);
    await runner.query(`ALTER TABLE generation DROP COLUMN task`);
  }
}
