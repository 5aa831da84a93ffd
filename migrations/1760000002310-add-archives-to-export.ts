import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exports of volumes as archives: which series, and the manifest as a file of its own. */
export class AddArchivesToExport1760000002310 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE export ADD COLUMN archive json, ADD COLUMN manifest_asset_id integer`);
    await runner.query(`CREATE INDEX "IDX_49684319a8be071d76249aea66" ON export (manifest_asset_id)`);
    await runner.query(
      `ALTER TABLE export ADD CONSTRAINT "FK_49684319a8be071d76249aea664" FOREIGN KEY (manifest_asset_id) REFERENCES asset(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE export DROP COLUMN archive, DROP COLUMN manifest_asset_id`);
  }
}
