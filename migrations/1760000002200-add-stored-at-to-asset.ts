import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When an asset's bytes were last put, and the way back from an asset to what refers to it: both for the sweep. */
export class AddStoredAtToAsset1760000002200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE asset ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now()`);
    await runner.query(`CREATE INDEX "IDX_radiograph_asset" ON radiograph(asset_id)`);
    await runner.query(`CREATE INDEX "IDX_mri_series_asset" ON mri_series(asset_id)`);
    await runner.query(`CREATE INDEX "IDX_generation_slice_asset" ON generation_slice(asset_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "IDX_generation_slice_asset"`);
    await runner.query(`DROP INDEX "IDX_mri_series_asset"`);
    await runner.query(`DROP INDEX "IDX_radiograph_asset"`);
    await runner.query(`ALTER TABLE asset DROP COLUMN stored_at`);
  }
}
