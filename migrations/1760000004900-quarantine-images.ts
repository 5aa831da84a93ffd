import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Images whose headers contradict what they were to be imported as. */
export class QuarantineImages1760000004900 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE quarantined_image (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, kind text NOT NULL, content_sha256 text NOT NULL, oai_id text NOT NULL, visit text NOT NULL, side text, file text NOT NULL, contradiction text NOT NULL, state text NOT NULL DEFAULT 'OPEN', reason text, resolved_by_id integer, resolved_at timestamptz, found_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_e127fa2d361065e94ff73d0ce7f" PRIMARY KEY (id), CONSTRAINT quarantined_image_is_resolved CHECK ((state = 'OPEN') = (resolved_at IS NULL)), CONSTRAINT quarantined_image_state CHECK (state IN ('OPEN', 'ACCEPTED', 'REJECTED')), CONSTRAINT "UQ_b91120ff1c705bf681285c5ffcc" UNIQUE (content_sha256, oai_id, visit, contradiction))`,
    );
    await runner.query(
      `ALTER TABLE quarantined_image ADD CONSTRAINT "FK_538f7f32216f70a37eaafb18f86" FOREIGN KEY (resolved_by_id) REFERENCES api_token(id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quarantined_image');
  }
}
