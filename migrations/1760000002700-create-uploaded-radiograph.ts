import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Radiographs that somebody brought along, and volumes made from them: without an exam. */
export class CreateUploadedRadiograph1760000002700 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE uploaded_radiograph (id uuid NOT NULL, owner_id integer NOT NULL, view text NOT NULL, laterality text, rows integer NOT NULL, columns integer NOT NULL, pixel_spacing real, photometric text, knees jsonb NOT NULL, warnings text array NOT NULL, asset_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL, CONSTRAINT "UQ_8cf901ad1e3002b9505009efb22" UNIQUE (owner_id, asset_id), CONSTRAINT "PK_9dfc0ffecb28dd9c921d442810d" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_29badbdbb6742171aede2ad7fe" ON uploaded_radiograph(asset_id)`);
    await runner.query(`CREATE INDEX "IDX_a981f556c80fe7da8704a9c1bb" ON uploaded_radiograph(expires_at)`);
    await runner.query(
      `ALTER TABLE uploaded_radiograph ADD CONSTRAINT "FK_abd46e7e7e35e612174bb3925a1" FOREIGN KEY (owner_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE uploaded_radiograph ADD CONSTRAINT "FK_29badbdbb6742171aede2ad7fe4" FOREIGN KEY (asset_id) REFERENCES asset(id)`,
    );
    await runner.query(`ALTER TABLE generation ADD COLUMN upload_id uuid`);
    await runner.query(`ALTER TABLE generation ADD COLUMN side text`);
    await runner.query(`ALTER TABLE generation ALTER COLUMN exam_id DROP NOT NULL`);
    await runner.query(`ALTER TABLE generation ALTER COLUMN radiograph_id DROP NOT NULL`);
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_05b684034ee178995c5717a2d02" FOREIGN KEY (upload_id) REFERENCES uploaded_radiograph(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT generation_made_from CHECK ((upload_id IS NULL) = (exam_id IS NOT NULL) AND (upload_id IS NULL) = (radiograph_id IS NOT NULL) AND (upload_id IS NULL) = (side IS NULL))`,
    );
    await runner.query(`CREATE INDEX generation_of_upload ON generation(upload_id) WHERE (upload_id IS NOT NULL)`);
    await runner.query(`ALTER TABLE mri_series ALTER COLUMN exam_id DROP NOT NULL`);
    await runner.query(
      `ALTER TABLE mri_series ADD CONSTRAINT mri_series_without_exam_is_synthetic CHECK (exam_id IS NOT NULL OR synthetic)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // What was made without an exam has no place in the schema of before.
    await runner.query(`DELETE FROM generation WHERE upload_id IS NOT NULL`);
    await runner.query(`ALTER TABLE mri_series DROP CONSTRAINT mri_series_without_exam_is_synthetic`);
    await runner.query(`ALTER TABLE mri_series ALTER COLUMN exam_id SET NOT NULL`);
    await runner.query(`ALTER TABLE generation DROP CONSTRAINT generation_made_from`);
    await runner.query(`ALTER TABLE generation DROP COLUMN side`);
    await runner.query(`ALTER TABLE generation DROP COLUMN upload_id`);
    await runner.query(`ALTER TABLE generation ALTER COLUMN radiograph_id SET NOT NULL`);
    await runner.query(`ALTER TABLE generation ALTER COLUMN exam_id SET NOT NULL`);
    await runner.query('DROP TABLE uploaded_radiograph');
  }
}
