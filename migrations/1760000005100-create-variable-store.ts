import type { MigrationInterface, QueryRunner } from 'typeorm';

const OWNERS = ['participant', 'visit', 'knee_exam'] as const;

/**
 * Keeps the variables that have no column of their own: by variable, in blocks of 256 owners, each cell the number of a level. Why not a row per
 * value: docs/decisions/0054-variables-in-blocks.md.
 */
export class CreateVariableStore1760000005100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE variable (
      id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
      name text NOT NULL,
      owner text NOT NULL,
      kind text NOT NULL DEFAULT 'NONE',
      label text,
      unit text,
      tables text[] NOT NULL DEFAULT '{}',
      readings text[] NOT NULL DEFAULT '{}',
      CONSTRAINT "PK_variable" PRIMARY KEY (id),
      CONSTRAINT "UQ_variable_name" UNIQUE (name),
      CONSTRAINT variable_owner CHECK (owner IN ('participant', 'visit', 'knee_exam')),
      CONSTRAINT variable_kind CHECK (kind IN ('NONE', 'NUMBER', 'CODE', 'DATE', 'TEXT')))`);
    await runner.query(`CREATE TABLE variable_level (
      variable_id integer NOT NULL,
      code integer NOT NULL,
      text text NOT NULL,
      number double precision,
      label text,
      missing text,
      CONSTRAINT "PK_variable_level" PRIMARY KEY (variable_id, code),
      CONSTRAINT "UQ_variable_level_text" UNIQUE (variable_id, text),
      CONSTRAINT "FK_variable_level_variable" FOREIGN KEY (variable_id) REFERENCES variable (id) ON DELETE CASCADE)`);
    await runner.query(`CREATE TABLE variable_block (
      variable_id integer NOT NULL,
      reading text NOT NULL,
      block integer NOT NULL,
      codes integer[] NOT NULL,
      sources integer[] NOT NULL,
      CONSTRAINT "PK_variable_block" PRIMARY KEY (variable_id, reading, block),
      CONSTRAINT variable_block_size CHECK (cardinality(codes) = 256 AND cardinality(sources) IN (1, 256)),
      CONSTRAINT "FK_variable_block_variable" FOREIGN KEY (variable_id) REFERENCES variable (id) ON DELETE CASCADE)`);
    await runner.query(`CREATE TABLE variable_coverage (
      variable_id integer NOT NULL,
      visit text NOT NULL,
      filled integer NOT NULL,
      missing integer NOT NULL,
      CONSTRAINT "PK_variable_coverage" PRIMARY KEY (variable_id, visit),
      CONSTRAINT "FK_variable_coverage_variable" FOREIGN KEY (variable_id) REFERENCES variable (id) ON DELETE CASCADE)`);
    await runner.query(`CREATE TABLE variable_line (
      source_id integer NOT NULL,
      owner text NOT NULL,
      reading text NOT NULL,
      block integer NOT NULL,
      lines integer[] NOT NULL,
      CONSTRAINT "PK_variable_line" PRIMARY KEY (source_id, owner, reading, block),
      CONSTRAINT "FK_variable_line_source" FOREIGN KEY (source_id) REFERENCES import_source (id) ON DELETE CASCADE)`);
    // Without a look at the rows, which would be copied for it: what is written here has changed, and a count too many is no harm.
    await runner.query(
      `CREATE FUNCTION count_variable_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN PERFORM nextval('imported_state'); RETURN NULL; END $$`,
    );
    await runner.query(
      `CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON variable_block
       FOR EACH STATEMENT EXECUTE FUNCTION count_variable_change()`,
    );
    // Blocks hold the values of many: what is deleted with its owner is taken out of them.
    await runner.query(`CREATE FUNCTION forget_variable_values() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NOT EXISTS (SELECT 1 FROM gone) THEN RETURN NULL; END IF;
        WITH cell AS (
          SELECT b.variable_id, CASE TG_TABLE_NAME WHEN 'visit' THEN to_jsonb(g) ->> 'code' WHEN 'knee_exam' THEN to_jsonb(g) ->> 'visit_code' ELSE '' END AS visit,
                 l.missing
            FROM gone g
            JOIN variable_block b ON b.block = g.id / 256
            JOIN variable v ON v.id = b.variable_id AND v.owner = TG_TABLE_NAME
            JOIN variable_level l ON l.variable_id = b.variable_id AND l.code = b.codes[g.id % 256 + 1]
        ), fewer AS (
          SELECT variable_id, visit, count(*) FILTER (WHERE missing IS NULL)::integer AS filled, count(missing)::integer AS missing
            FROM cell GROUP BY variable_id, visit
        )
        UPDATE variable_coverage c SET filled = c.filled - f.filled, missing = c.missing - f.missing
          FROM fewer f WHERE f.variable_id = c.variable_id AND f.visit = c.visit;
        UPDATE variable_block b
           SET codes = ARRAY(SELECT CASE WHEN g.id IS NULL THEN u.code ELSE 0 END
                               FROM unnest(b.codes) WITH ORDINALITY u(code, place)
                               LEFT JOIN gone g ON g.id = b.block * 256 + u.place - 1
                              ORDER BY u.place)
          FROM variable v
         WHERE v.id = b.variable_id AND v.owner = TG_TABLE_NAME AND b.block IN (SELECT id / 256 FROM gone);
        RETURN NULL;
      END $$`);
    for (const owner of OWNERS) {
      await runner.query(
        `CREATE TRIGGER forget_values AFTER DELETE ON ${owner} REFERENCING OLD TABLE AS gone
         FOR EACH STATEMENT EXECUTE FUNCTION forget_variable_values()`,
      );
    }
    await runner.query(`ALTER TABLE export ADD COLUMN variables jsonb NOT NULL DEFAULT '[]'`);
    await runner.query('ALTER TABLE knee_exam ADD COLUMN koos_symptoms real');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE knee_exam DROP COLUMN koos_symptoms');
    await runner.query('ALTER TABLE export DROP COLUMN variables');
    for (const owner of OWNERS) await runner.query(`DROP TRIGGER forget_values ON ${owner}`);
    for (const table of ['variable_line', 'variable_coverage', 'variable_block', 'variable_level', 'variable'])
      await runner.query(`DROP TABLE ${table}`);
    await runner.query('DROP FUNCTION forget_variable_values');
    await runner.query('DROP FUNCTION count_variable_change');
  }
}
