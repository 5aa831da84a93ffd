import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Variables that users define by filters, with their versions. Names are one for all, whatever the case of their letters. */
export class CreateDerivedVariables1760000006300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE derived_variable (id uuid NOT NULL, owner_id integer, name text NOT NULL, version integer NOT NULL, label text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_derived_variable" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX "IDX_246310a6a0b754269f35daaaeb" ON derived_variable (owner_id)');
    await runner.query('CREATE UNIQUE INDEX derived_variable_name ON derived_variable (upper(name))');
    await runner.query(
      `CREATE TABLE derived_variable_version (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, variable_id uuid NOT NULL, version integer NOT NULL, label text NOT NULL, description text NOT NULL, note text, definition json NOT NULL, created_by_id integer, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "UQ_dfd75fa90d10aa4588e0b168e58" UNIQUE (variable_id, version), CONSTRAINT "PK_derived_variable_version" PRIMARY KEY (id))`,
    );
    await runner.query(
      'ALTER TABLE derived_variable ADD CONSTRAINT "FK_246310a6a0b754269f35daaaeb3" FOREIGN KEY (owner_id) REFERENCES api_token(id)',
    );
    await runner.query(
      'ALTER TABLE derived_variable_version ADD CONSTRAINT "FK_2f8101c73d967288b5567853927" FOREIGN KEY (variable_id) REFERENCES derived_variable(id) ON DELETE CASCADE',
    );
    await runner.query(
      'ALTER TABLE derived_variable_version ADD CONSTRAINT "FK_425053433028bf1640e5b2171a9" FOREIGN KEY (created_by_id) REFERENCES api_token(id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE derived_variable_version, derived_variable');
  }
}
