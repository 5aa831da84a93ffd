import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The de-identified objects that images came as, beside the images, and what became of the header of an upload. */
export class KeepOriginals1760000005300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE original_object (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, radiograph_id integer, series_id integer, upload_id uuid, study_uid text, series_uid text, instance_uids text array NOT NULL, sop_class_uid text, asset_id integer NOT NULL, CONSTRAINT original_object_owner CHECK (num_nonnulls(radiograph_id, series_id, upload_id) = 1), CONSTRAINT "PK_5de7e790d4d6cd71f4e31cc036b" PRIMARY KEY (id))`,
    );
    for (const [column, name, unique] of [
      ['radiograph_id', 'IDX_bc6be6ef701ffa4e42aa607a87', 'UNIQUE '],
      ['series_id', 'IDX_b9513dc48f4d6145ee823567f8', 'UNIQUE '],
      ['upload_id', 'IDX_232a8e966b1b8d250a5cf59dc2', 'UNIQUE '],
      ['asset_id', 'IDX_1ea459c96540243e12b48fe497', ''],
    ]) {
      await runner.query(`CREATE ${unique}INDEX "${name}" ON original_object (${column})`);
    }
    for (const [column, name, table, action] of [
      ['radiograph_id', 'FK_bc6be6ef701ffa4e42aa607a87c', 'radiograph', 'ON DELETE CASCADE'],
      ['series_id', 'FK_b9513dc48f4d6145ee823567f80', 'mri_series', 'ON DELETE CASCADE'],
      ['upload_id', 'FK_232a8e966b1b8d250a5cf59dc2c', 'uploaded_radiograph', 'ON DELETE CASCADE'],
      ['asset_id', 'FK_1ea459c96540243e12b48fe4976', 'asset', ''],
    ]) {
      await runner.query(
        `ALTER TABLE original_object ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${table}(id) ${action}`,
      );
    }
    await runner.query(`ALTER TABLE uploaded_radiograph ADD deidentification jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE uploaded_radiograph DROP COLUMN deidentification');
    await runner.query('DROP TABLE original_object');
  }
}
