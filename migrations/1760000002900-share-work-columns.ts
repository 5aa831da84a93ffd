import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What waits for something says so; one set of columns, and a log, for every kind of work; states are checked by the database. */
export class ShareWorkColumns1760000002900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of WORK) {
      await runner.query(
        `ALTER TABLE ${table} ADD waits smallint NOT NULL DEFAULT '0', ADD not_before timestamptz, ADD waiting_reason text`,
      );
    }
    for (const table of ['evaluation', 'export', 'reader_study']) {
      await runner.query(
        `ALTER TABLE ${table} ADD attempt_limit smallint NOT NULL DEFAULT '5', ADD cancel_requested boolean NOT NULL DEFAULT false`,
      );
      // What is on its way keeps as many attempts as what is asked for from now on.
      await runner.query(`UPDATE ${table} SET attempt_limit = attempt + 5 WHERE attempt > 0`);
    }
    await runner.query(`ALTER TABLE reader_study ADD started_at timestamptz, ADD finished_at timestamptz`);
    for (const table of ['export', 'reader_study']) {
      await runner.query(`ALTER TABLE ${table} ADD last_seq integer NOT NULL DEFAULT '0'`);
    }
    await runner.query(
      `CREATE TABLE export_event (export_id integer NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_b55bad1b7e5f8a3081ec3a41a8a" PRIMARY KEY (export_id, seq))`,
    );
    await runner.query(
      `ALTER TABLE export_event ADD CONSTRAINT "FK_f674571ce69e5c52184cd54cd32" FOREIGN KEY (export_id) REFERENCES export(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `CREATE TABLE reader_study_event (reader_study_id uuid NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_fdb301a8827df0c1950803806ac" PRIMARY KEY (reader_study_id, seq))`,
    );
    await runner.query(
      `ALTER TABLE reader_study_event ADD CONSTRAINT "FK_4aff78f2e3ea1485a81a54d472a" FOREIGN KEY (reader_study_id) REFERENCES reader_study(id) ON DELETE CASCADE`,
    );
    await runner.query(`UPDATE reader_study SET state = 'QUEUED', heartbeat_at = NULL WHERE state = 'PREPARING'`);
    for (const [table, states] of Object.entries(STATES)) {
      const list = states.map((state) => `'${state}'`).join(', ');
      await runner.query(`ALTER TABLE ${table} ADD CONSTRAINT ${table}_state CHECK (state IN (${list}))`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of Object.keys(STATES)) {
      await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_state`);
    }
    await runner.query(`UPDATE reader_study SET state = 'PREPARING' WHERE state IN ('QUEUED', 'RUNNING')`);
    await runner.query('DROP TABLE reader_study_event');
    await runner.query('DROP TABLE export_event');
    for (const table of ['export', 'reader_study']) await runner.query(`ALTER TABLE ${table} DROP last_seq`);
    await runner.query('ALTER TABLE reader_study DROP started_at, DROP finished_at');
    for (const table of ['evaluation', 'export', 'reader_study']) {
      await runner.query(`ALTER TABLE ${table} DROP attempt_limit, DROP cancel_requested`);
    }
    for (const table of WORK) {
      await runner.query(`ALTER TABLE ${table} DROP waits, DROP not_before, DROP waiting_reason`);
    }
  }
}

const WORK = ['generation', 'evaluation', 'export', 'reader_study'];

const STATES: Readonly<Record<string, readonly string[]>> = {
  generation: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  batch: ['QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'],
  evaluation: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  export: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'],
  reader_study: ['QUEUED', 'RUNNING', 'OPEN', 'CLOSED', 'FAILED'],
};
