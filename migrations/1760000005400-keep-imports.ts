import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables whose rows an import makes or changes. */
const TABLES = [
  ...['participant', 'visit', 'knee_exam', 'reading', 'joint_outcome'],
  ...['radiograph', 'mri_series', 'original_object'],
] as const;

/** Those of which a row stands for one row of a released table, which a newer release may lack. */
const RELEASED = ['participant', 'visit', 'reading', 'radiograph', 'mri_series'] as const;

const OWNERS = ['participant', 'visit', 'knee_exam'] as const;

/** Keeps of each import what it changed, so that it can be taken back. Why: docs/decisions/0057-undoing-an-import.md. */
export class KeepImports1760000005400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE import_run (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, by text, release text, reversible boolean NOT NULL DEFAULT true, undoes_id integer, detail jsonb NOT NULL DEFAULT '{}', CONSTRAINT "PK_import_run" PRIMARY KEY (id), CONSTRAINT import_undone_once UNIQUE (undoes_id))`,
    );
    await runner.query(
      `ALTER TABLE import_run ADD CONSTRAINT "FK_import_run_undoes" FOREIGN KEY (undoes_id) REFERENCES import_run(id)`,
    );
    // Imports of releases from before: they are listed, and cannot be undone.
    await runner.query(
      `INSERT INTO import_run (started_at, ended_at, by, release, reversible, detail)
       SELECT at, at, detail ->> 'by', target, false, detail FROM audit_entry WHERE action = 'import' AND detail ? 'tables' ORDER BY id`,
    );
    await runner.query('ALTER TABLE import_source ADD COLUMN import_id integer');
    await runner.query('ALTER TABLE import_source DROP CONSTRAINT "UQ_15d18afde310b0fe55dbc53d187"');
    await runner.query(
      'ALTER TABLE import_source ADD CONSTRAINT import_source_of_import UNIQUE (import_id, file, sha256, version)',
    );
    await runner.query(
      `ALTER TABLE import_source ADD CONSTRAINT "FK_import_source_import" FOREIGN KEY (import_id) REFERENCES import_run(id)`,
    );
    for (const table of RELEASED)
      await runner.query(`ALTER TABLE ${table} ADD COLUMN dropped jsonb NOT NULL DEFAULT '{}'`);
    await this.#keepRows(runner);
    await this.#keepBlocks(runner);
    await runner.query(
      `CREATE TABLE import_basis (import_id integer NOT NULL, on_id integer NOT NULL, cells integer NOT NULL,
         CONSTRAINT "PK_import_basis" PRIMARY KEY (import_id, on_id),
         CONSTRAINT "FK_import_basis_import" FOREIGN KEY (import_id) REFERENCES import_run(id),
         CONSTRAINT "FK_import_basis_on" FOREIGN KEY (on_id) REFERENCES import_run(id))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE import_basis');
    for (const owner of OWNERS) await runner.query(`DROP TRIGGER forget_kept_values ON ${owner}`);
    await runner.query('DROP FUNCTION forget_kept_values');
    await runner.query('DROP TABLE import_block');
    for (const table of TABLES) {
      for (const event of ['insert', 'update', 'delete']) await runner.query(`DROP TRIGGER keep_${event} ON ${table}`);
    }
    await runner.query('DROP FUNCTION keep_import_change');
    await runner.query('DROP TABLE import_change');
    for (const table of RELEASED) await runner.query(`ALTER TABLE ${table} DROP COLUMN dropped`);
    await runner.query('ALTER TABLE import_source DROP CONSTRAINT "FK_import_source_import"');
    await runner.query('ALTER TABLE import_source DROP CONSTRAINT import_source_of_import');
    await runner.query('ALTER TABLE import_source DROP COLUMN import_id');
    await runner.query(
      'ALTER TABLE import_source ADD CONSTRAINT "UQ_15d18afde310b0fe55dbc53d187" UNIQUE (file, sha256, version)',
    );
    await runner.query('DROP TABLE import_run');
  }

  /** Each row as it was before an import first touched it; null for one that it made. */
  async #keepRows(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE import_change (import_id integer NOT NULL, table_name text NOT NULL, row_id integer NOT NULL, before jsonb, asset_id integer,
         CONSTRAINT "PK_import_change" PRIMARY KEY (import_id, table_name, row_id),
         CONSTRAINT "FK_import_change_import" FOREIGN KEY (import_id) REFERENCES import_run(id),
         CONSTRAINT "FK_import_change_asset" FOREIGN KEY (asset_id) REFERENCES asset(id))`,
    );
    await runner.query('CREATE INDEX import_change_of_row ON import_change (table_name, row_id)');
    await runner.query('CREATE INDEX import_change_asset ON import_change (asset_id) WHERE asset_id IS NOT NULL');
    // What an import writes it writes in a transaction that says which import it is; what is removed has nothing to go back to.
    await runner.query(
      `CREATE FUNCTION keep_import_change() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE under_way integer := NULLIF(current_setting('osteograph.import', true), '')::integer;
       BEGIN
         IF TG_OP = 'DELETE' THEN
           DELETE FROM import_change c USING changed o WHERE c.table_name = TG_TABLE_NAME AND c.row_id = o.id;
         ELSIF under_way IS NULL THEN
           RETURN NULL;
         ELSIF TG_OP = 'INSERT' THEN
           INSERT INTO import_change (import_id, table_name, row_id) SELECT under_way, TG_TABLE_NAME, id FROM changed ON CONFLICT DO NOTHING;
         ELSE
           INSERT INTO import_change (import_id, table_name, row_id, before, asset_id)
           SELECT under_way, TG_TABLE_NAME, o.id, to_jsonb(o), (to_jsonb(o) ->> 'asset_id')::integer
             FROM changed o ON CONFLICT DO NOTHING;
         END IF;
         RETURN NULL;
       END $$`,
    );
    for (const table of TABLES) {
      for (const [event, rows] of [
        ['INSERT', 'NEW TABLE AS changed'],
        ['UPDATE', 'OLD TABLE AS changed'],
        ['DELETE', 'OLD TABLE AS changed'],
      ] as const) {
        await runner.query(
          `CREATE TRIGGER keep_${event.toLowerCase()} AFTER ${event} ON ${table} REFERENCING ${rows}
           FOR EACH STATEMENT EXECUTE FUNCTION keep_import_change()`,
        );
      }
    }
  }

  /** The same for blocks of variables, whose cells belong to many. */
  async #keepBlocks(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE import_block (import_id integer NOT NULL, variable_id integer NOT NULL, reading text NOT NULL, block integer NOT NULL, codes integer[], sources integer[],
         CONSTRAINT "PK_import_block" PRIMARY KEY (variable_id, reading, block, import_id),
         CONSTRAINT "FK_import_block_import" FOREIGN KEY (import_id) REFERENCES import_run(id),
         CONSTRAINT "FK_import_block_variable" FOREIGN KEY (variable_id) REFERENCES variable(id) ON DELETE CASCADE)`,
    );
    await runner.query('CREATE INDEX import_block_of_import ON import_block (import_id)');
    await runner.query(
      `CREATE FUNCTION forget_kept_values() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         UPDATE import_block b
            SET codes = ARRAY(SELECT CASE WHEN g.id IS NULL THEN u.code ELSE 0 END
                                FROM unnest(b.codes) WITH ORDINALITY u(code, place)
                                LEFT JOIN gone g ON g.id = b.block * 256 + u.place - 1
                               ORDER BY u.place)
           FROM variable v
          WHERE v.id = b.variable_id AND v.owner = TG_TABLE_NAME AND b.codes IS NOT NULL AND b.block IN (SELECT id / 256 FROM gone);
         RETURN NULL;
       END $$`,
    );
    for (const owner of OWNERS) {
      await runner.query(
        `CREATE TRIGGER forget_kept_values AFTER DELETE ON ${owner} REFERENCING OLD TABLE AS gone
         FOR EACH STATEMENT EXECUTE FUNCTION forget_kept_values()`,
      );
    }
  }
}
