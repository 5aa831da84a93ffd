import type { MigrationInterface, QueryRunner } from 'typeorm';

/** T2 maps of multi-echo series. */
export class CreateT2Maps1760000006710 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE t2_map (attempt smallint NOT NULL DEFAULT '0', attempt_limit smallint NOT NULL DEFAULT '5', cancel_requested boolean NOT NULL DEFAULT false, last_seq integer NOT NULL DEFAULT '0', waits smallint NOT NULL DEFAULT '0', not_before timestamptz, waiting_reason text, error text, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz,
         id integer GENERATED ALWAYS AS IDENTITY NOT NULL, state text NOT NULL, exam_id integer NOT NULL, series_id integer NOT NULL, echoes jsonb NOT NULL, skip_first boolean NOT NULL, floor double precision NOT NULL, done integer NOT NULL DEFAULT '0', total integer, tried integer, fitted integer, median double precision, asset_id integer, requested_by_id integer,
         CONSTRAINT t2_map_state CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')), CONSTRAINT "PK_t2_map" PRIMARY KEY (id))`,
    );
    await runner.query('CREATE INDEX t2_map_by_state ON t2_map (state, created_at)');
    await runner.query('CREATE INDEX t2_map_exam ON t2_map (exam_id)');
    await runner.query('CREATE INDEX t2_map_series ON t2_map (series_id)');
    await runner.query('CREATE INDEX t2_map_asset ON t2_map (asset_id)');
    await runner.query(
      `CREATE TABLE t2_map_event (t2_map_id integer NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_t2_map_event" PRIMARY KEY (t2_map_id, seq))`,
    );
    for (const [table, column, name, target] of [
      ['t2_map', 'exam_id', 'FK_t2_map_exam', 'knee_exam(id) ON DELETE CASCADE'],
      ['t2_map', 'series_id', 'FK_t2_map_series', 'mri_series(id) ON DELETE CASCADE'],
      ['t2_map', 'asset_id', 'FK_t2_map_asset', 'asset(id)'],
      ['t2_map', 'requested_by_id', 'FK_t2_map_requested_by', 'api_token(id)'],
      ['t2_map_event', 't2_map_id', 'FK_t2_map_event_map', 't2_map(id) ON DELETE CASCADE'],
    ]) {
      await runner.query(`ALTER TABLE ${table} ADD CONSTRAINT "${name}" FOREIGN KEY (${column}) REFERENCES ${target}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE t2_map_event');
    await runner.query('DROP TABLE t2_map');
  }
}
