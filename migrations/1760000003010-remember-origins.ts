import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['participant', 'visit', 'knee_exam', 'reading', 'radiograph', 'mri_series'];

/** Events, and the rows that tell whether a statement changed anything. */
const EVENTS = [
  ['INSERT', 'NEW'],
  ['UPDATE', 'NEW'],
  ['DELETE', 'OLD'],
] as const;

/**
 * Each imported row knows where its values come from, and the database counts the changes of what is imported, whoever makes them, so that
 * an import can tell whether it would change anything. Why: docs/decisions/0029-import-as-reconciliation.md.
 */
export class RememberOrigins1760000003010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE import_source (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, file text NOT NULL, sha256 text NOT NULL, name text NOT NULL, version text NOT NULL, CONSTRAINT "PK_import_source" PRIMARY KEY (id), CONSTRAINT "UQ_15d18afde310b0fe55dbc53d187" UNIQUE (file, sha256, version))`,
    );
    for (const table of TABLES)
      await runner.query(`ALTER TABLE ${table} ADD COLUMN origins jsonb NOT NULL DEFAULT '{}'`);
    await runner.query('ALTER TABLE imported_file ADD COLUMN state bigint');
    // A sequence is not locked by who counts, and a count too many only means that a file is read again.
    await runner.query('CREATE SEQUENCE imported_state');
    await runner.query(
      `CREATE FUNCTION count_imported_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'TRUNCATE' THEN
           PERFORM nextval('imported_state');
         ELSIF TG_TABLE_NAME = 'mri_series' THEN
           -- Generated series have no barcode, and no table tells of them.
           IF EXISTS (SELECT 1 FROM changed WHERE barcode IS NOT NULL) THEN PERFORM nextval('imported_state'); END IF;
         ELSIF EXISTS (SELECT 1 FROM changed) THEN
           PERFORM nextval('imported_state');
         END IF;
         RETURN NULL;
       END $$`,
    );
    for (const table of TABLES) {
      for (const [event, rows] of EVENTS) {
        await runner.query(
          `CREATE TRIGGER count_${event.toLowerCase()} AFTER ${event} ON ${table} REFERENCING ${rows} TABLE AS changed
           FOR EACH STATEMENT EXECUTE FUNCTION count_imported_change()`,
        );
      }
      await runner.query(
        `CREATE TRIGGER count_truncate AFTER TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION count_imported_change()`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      for (const event of ['insert', 'update', 'delete', 'truncate'])
        await runner.query(`DROP TRIGGER count_${event} ON ${table}`);
    }
    await runner.query('DROP FUNCTION count_imported_change');
    await runner.query('DROP SEQUENCE imported_state');
    await runner.query('ALTER TABLE imported_file DROP COLUMN state');
    for (const table of TABLES) await runner.query(`ALTER TABLE ${table} DROP COLUMN origins`);
    await runner.query('DROP TABLE import_source');
  }
}
