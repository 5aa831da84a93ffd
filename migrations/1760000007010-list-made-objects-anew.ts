import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is made from an image is listed in the image's study: anew, when the image's object comes, changes or goes. */
export class ListMadeObjectsAnew1760000007010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX generation_of_radiograph ON generation (radiograph_id) WHERE (radiograph_id IS NOT NULL)',
    );
    await runner.query(
      `CREATE FUNCTION list_made_of_original() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE
         changed original_object;
       BEGIN
         changed := coalesce(NEW, OLD);
         UPDATE dicom_series d SET state = 'PENDING' FROM generation g
         WHERE d.generation_id = g.id AND (
           g.radiograph_id = changed.radiograph_id OR g.upload_id = changed.upload_id OR g.source_series_id = changed.series_id);
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      'CREATE TRIGGER list_made_of_original AFTER INSERT OR DELETE OR UPDATE OF asset_id ON original_object FOR EACH ROW EXECUTE FUNCTION list_made_of_original()',
    );
    await runner.query(`UPDATE dicom_series SET state = 'PENDING' WHERE generation_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER list_made_of_original ON original_object');
    await runner.query('DROP FUNCTION list_made_of_original');
    await runner.query('DROP INDEX generation_of_radiograph');
    await runner.query(`UPDATE dicom_series SET state = 'PENDING' WHERE generation_id IS NOT NULL`);
  }
}
