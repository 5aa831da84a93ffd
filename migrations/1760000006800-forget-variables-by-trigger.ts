import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['variable_level', 'variable_block', 'import_block'] as const;

/**
 * What belongs to a variable goes with it by a trigger instead of foreign keys, whose check of each row was half of the time of a large import: one
 * has millions of levels. Only an import writes these rows, and it looks up their variables first.
 */
export class ForgetVariablesByTrigger1760000006800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT "FK_${table}_variable"`);
    await runner.query(
      `CREATE FUNCTION forget_variable() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         ${TABLES.map((table) => `DELETE FROM ${table} t USING gone WHERE t.variable_id = gone.id;`).join('\n         ')}
         RETURN NULL;
       END $$`,
    );
    await runner.query(
      `CREATE TRIGGER forget_variable AFTER DELETE ON variable REFERENCING OLD TABLE AS gone
       FOR EACH STATEMENT EXECUTE FUNCTION forget_variable()`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER forget_variable ON variable');
    await runner.query('DROP FUNCTION forget_variable');
    for (const table of TABLES) {
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT "FK_${table}_variable" FOREIGN KEY (variable_id) REFERENCES variable(id) ON DELETE CASCADE`,
      );
    }
  }
}
