import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exports that are written in the background: what was asked for, how far it is, and where the file lies. */
export class CreateExport1760000000600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE export (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, state text NOT NULL, format text NOT NULL, columns text[] NOT NULL, filter json, selection json, cohorts jsonb NOT NULL DEFAULT '[]', attempt smallint NOT NULL DEFAULT '0', done integer NOT NULL DEFAULT '0', total integer NOT NULL DEFAULT '0', rows integer NOT NULL DEFAULT '0', error text, manifest json, asset_id integer, requested_by_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz, expires_at timestamptz, CONSTRAINT "PK_93dd4c52436ed0da6263e24b3c7" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_58d7d3fd007863088c86ddebca" ON export(asset_id)`);
    await runner.query(`CREATE INDEX "IDX_d64d8e6369aa38d2b313a521eb" ON export(requested_by_id)`);
    await runner.query(`CREATE INDEX "IDX_9f271c59dcfb139d38ea3e2805" ON export(state, created_at)`);
    await runner.query(
      `ALTER TABLE export ADD CONSTRAINT "FK_58d7d3fd007863088c86ddebcaf" FOREIGN KEY (asset_id) REFERENCES asset(id)`,
    );
    await runner.query(
      `ALTER TABLE export ADD CONSTRAINT "FK_d64d8e6369aa38d2b313a521eb8" FOREIGN KEY (requested_by_id) REFERENCES api_token(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE export');
  }
}
