import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Volumes that somebody brought along to say what is hidden of a series. */
export class CreateUploadedMask1760000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE uploaded_mask (id uuid NOT NULL, owner_id integer NOT NULL, columns integer NOT NULL, rows integer NOT NULL, slices integer NOT NULL, hidden_voxels integer NOT NULL, asset_id integer NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL, CONSTRAINT "UQ_b41e9de09b07512d0108f5d472f" UNIQUE (owner_id, asset_id), CONSTRAINT "PK_815f26e483c500ab956f9ec477d" PRIMARY KEY (id))`,
    );
    await runner.query(`CREATE INDEX "IDX_dda581a1ceafd393b9220d866c" ON uploaded_mask(asset_id)`);
    await runner.query(`CREATE INDEX "IDX_14f28830a63fee0f234324cba8" ON uploaded_mask(expires_at)`);
    await runner.query(
      `ALTER TABLE uploaded_mask ADD CONSTRAINT "FK_9505138f8eb19593d162ca63e51" FOREIGN KEY (owner_id) REFERENCES api_token(id)`,
    );
    await runner.query(
      `ALTER TABLE uploaded_mask ADD CONSTRAINT "FK_dda581a1ceafd393b9220d866c3" FOREIGN KEY (asset_id) REFERENCES asset(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE uploaded_mask');
  }
}
