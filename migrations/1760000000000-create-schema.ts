import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema: participants to readings, images, bundles, generations with their event log, tokens and audit. */
export class CreateSchema1760000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE api_token (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, name text NOT NULL, hash text NOT NULL, role text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz, revoked_at timestamptz, CONSTRAINT "UQ_60221392192b32c7560c128a6fa" UNIQUE (hash), CONSTRAINT "PK_d862311c568d175c26f41bc6f98" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE asset (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, sha256 text NOT NULL, media_type text NOT NULL, bytes bigint NOT NULL, storage_key text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "UQ_b5973135c7fcdfe2c6022499797" UNIQUE (sha256), CONSTRAINT "PK_1209d107fe21482beaea51b745e" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE audit_entry (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, at timestamptz NOT NULL DEFAULT now(), token_id integer, action text NOT NULL, target text, detail jsonb NOT NULL DEFAULT '{}', CONSTRAINT "PK_58a130a4b9da189f46ba2a01801" PRIMARY KEY (id));`,
    );
    await runner.query(`CREATE INDEX "IDX_9d18bd4a32fc0cd8ff82b12037" ON audit_entry(at) ;`);
    await runner.query(
      `CREATE TABLE bundle (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, name text NOT NULL, version text NOT NULL, task text NOT NULL, manifest jsonb NOT NULL, sha256 text NOT NULL, state text NOT NULL, refusal text, directory text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "UQ_342655c3423648b117e05c495aa" UNIQUE (name, version), CONSTRAINT "PK_637e3f87e837d6532109c198dea" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE visit (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, participant_id integer NOT NULL, code text NOT NULL, month smallint NOT NULL, date date, age smallint, bmi real, CONSTRAINT "UQ_ed44bbb750a2263a5742230e745" UNIQUE (participant_id, code), CONSTRAINT "PK_c9919ef5a07627657c535d8eb88" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE participant (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, oai_id text NOT NULL, sex text, race text, hispanic boolean, cohort text, site text, cohort_half smallint, phantom boolean NOT NULL DEFAULT false, CONSTRAINT "UQ_9c7f9c0d05d29624f2dc4f3272c" UNIQUE (oai_id), CONSTRAINT "PK_64da4237f502041781ca15d4c41" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE reading (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, exam_id integer NOT NULL, project text NOT NULL, version text, missing jsonb NOT NULL DEFAULT '{}', xrkl smallint, xrosfm smallint, xrosfl smallint, xrostm smallint, xrostl smallint, xrscfm smallint, xrscfl smallint, xrsctm smallint, xrsctl smallint, xrcyfm smallint, xrcyfl smallint, xrcytm smallint, xrcytl smallint, xrjsm real, xrjsl real, xrchm smallint, xrchl smallint, xrattm smallint, xrattl smallint, CONSTRAINT "UQ_8a25d9bfb2145bee93b9c3ed277" UNIQUE (exam_id, project), CONSTRAINT "PK_f46a902bd4c9624c8b512174944" PRIMARY KEY (id));`,
    );
    await runner.query(
      `CREATE TABLE knee_exam (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, visit_id integer NOT NULL, participant_id integer NOT NULL, side text NOT NULL, consensus_project text, womac_pain real, womac_disability real, womac_stiffness real, womac_total real, koos_pain real, xrkl smallint, xrosfm smallint, xrosfl smallint, xrostm smallint, xrostl smallint, xrscfm smallint, xrscfl smallint, xrsctm smallint, xrsctl smallint, xrcyfm smallint, xrcyfl smallint, xrcytm smallint, xrcytl smallint, xrjsm smallint, xrjsl smallint, xrchm smallint, xrchl smallint, xrattm smallint, xrattl smallint, CONSTRAINT "UQ_264d82949255456b56097514958" UNIQUE (visit_id, side), CONSTRAINT "PK_0ecd0d2e06109291bb9874a9dcd" PRIMARY KEY (id));`,
    );
    await runner.query(`CREATE INDEX "IDX_0648dbe4c836441f3bfd48ebf4" ON knee_exam(xrkl) ;`);
    await runner.query(`CREATE INDEX "IDX_844f97e2e466900c27a90cb985" ON knee_exam(participant_id) ;`);
    await runner.query(
      `CREATE TABLE radiograph (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, visit_id integer, exam_id integer, barcode text, view text NOT NULL, date date, rows integer, columns integer, pixel_spacing real, photometric text, asset_id integer, CONSTRAINT "UQ_5b974a1bcd793370cc13dd2b99a" UNIQUE (barcode), CONSTRAINT radiograph_owner CHECK ((visit_id IS NULL) <> (exam_id IS NULL)), CONSTRAINT "PK_2a99025d08a5bc9e402599c89b1" PRIMARY KEY (id));`,
    );
    await runner.query(`CREATE INDEX "IDX_aeb4bd291d88f71d2ebb6a06ae" ON radiograph(exam_id) ;`);
    await runner.query(`CREATE INDEX "IDX_b1a22b35cdacd923ca850b7f6c" ON radiograph(visit_id) ;`);
    await runner.query(
      `CREATE TABLE generation (id uuid NOT NULL, exam_id integer NOT NULL, radiograph_id integer NOT NULL, bundle_id integer NOT NULL, state text NOT NULL, attempt smallint NOT NULL DEFAULT '0', cancel_requested boolean NOT NULL DEFAULT false, slice_count smallint NOT NULL, steps smallint NOT NULL, sampler text NOT NULL, eta real NOT NULL DEFAULT '0', seed integer NOT NULL, noise text NOT NULL, features jsonb NOT NULL, feature_overrides jsonb NOT NULL DEFAULT '{}', client_key text, requested_by_id integer, last_seq integer NOT NULL DEFAULT '0', worker text, device text, error text, psnr double precision, ssim double precision, rssim double precision, adjacent_correlation double precision, ssim_mode text NOT NULL DEFAULT 'skimage', duration_ms integer, denoiser_evaluations integer, created_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, heartbeat_at timestamptz, finished_at timestamptz, CONSTRAINT "UQ_21251437885375638afe3b7775a" UNIQUE (requested_by_id, client_key), CONSTRAINT "PK_58db1b8155c99c2604394ffef2a" PRIMARY KEY (id));`,
    );
    await runner.query(`CREATE INDEX "IDX_558a559a423937cd529921327e" ON generation(exam_id) ;`);
    await runner.query(`CREATE INDEX "IDX_5057e748d61ad07190e28b9466" ON generation(state, created_at) ;`);
    await runner.query(
      `CREATE TABLE generation_event (generation_id uuid NOT NULL, seq integer NOT NULL, type text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "PK_db0f2c4aa332298ad991bafd624" PRIMARY KEY (generation_id, seq));`,
    );
    await runner.query(
      `CREATE TABLE generation_slice (generation_id uuid NOT NULL, "index" smallint NOT NULL, depth double precision NOT NULL, psnr double precision, ssim double precision, rssim double precision, asset_id integer NOT NULL, CONSTRAINT "PK_0ccfefbeade3794873813f6795a" PRIMARY KEY (generation_id, "index"));`,
    );
    await runner.query(
      `CREATE TABLE mri_series (id integer GENERATED ALWAYS AS IDENTITY NOT NULL, exam_id integer NOT NULL, barcode text, sequence text NOT NULL, plane text, date date, slice_count integer, rows integer, columns integer, pixel_spacing real, slice_spacing real, direction text, synthetic boolean NOT NULL DEFAULT false, asset_id integer, generation_id uuid, created_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT "UQ_1fa165f9ce080fb3adef17157ae" UNIQUE (generation_id), CONSTRAINT "UQ_623c2376ab0d634be9e1cf893e5" UNIQUE (barcode), CONSTRAINT mri_series_generated_is_synthetic CHECK (synthetic = (generation_id IS NOT NULL)), CONSTRAINT "PK_c85ba9ae5331d7a576251491fd3" PRIMARY KEY (id));`,
    );
    await runner.query(`CREATE INDEX "IDX_daa6e0b1353b00253de36a96f6" ON mri_series(exam_id, synthetic) ;`);
    await runner.query(
      `ALTER TABLE visit ADD CONSTRAINT "FK_3e28c4e5b3fee62fdcdeb928f5c" FOREIGN KEY (participant_id) REFERENCES participant(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE reading ADD CONSTRAINT "FK_b9f90a37bad2ad28a52e1e6fff5" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE knee_exam ADD CONSTRAINT "FK_7e1489c18acdde1a293a4bfcb65" FOREIGN KEY (visit_id) REFERENCES visit(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE knee_exam ADD CONSTRAINT "FK_844f97e2e466900c27a90cb9856" FOREIGN KEY (participant_id) REFERENCES participant(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE radiograph ADD CONSTRAINT "FK_b1a22b35cdacd923ca850b7f6ce" FOREIGN KEY (visit_id) REFERENCES visit(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE radiograph ADD CONSTRAINT "FK_aeb4bd291d88f71d2ebb6a06ae8" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE radiograph ADD CONSTRAINT "FK_3e1af8a6e36d5f54284300cf55b" FOREIGN KEY (asset_id) REFERENCES asset(id);`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_558a559a423937cd529921327ea" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_2f77f6ceb3ee46d2b5096ab2d56" FOREIGN KEY (radiograph_id) REFERENCES radiograph(id);`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_8b3c05f3ce3a967348a10c72ebd" FOREIGN KEY (bundle_id) REFERENCES bundle(id);`,
    );
    await runner.query(
      `ALTER TABLE generation ADD CONSTRAINT "FK_40d46feef6d9f7d53558e3120eb" FOREIGN KEY (requested_by_id) REFERENCES api_token(id);`,
    );
    await runner.query(
      `ALTER TABLE generation_event ADD CONSTRAINT "FK_0197651cf58e4b54e7823b3e7ab" FOREIGN KEY (generation_id) REFERENCES generation(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE generation_slice ADD CONSTRAINT "FK_f295d88008516d140edbcc9cbe3" FOREIGN KEY (generation_id) REFERENCES generation(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE generation_slice ADD CONSTRAINT "FK_b714fb349ebc3ec0b079747bc1b" FOREIGN KEY (asset_id) REFERENCES asset(id);`,
    );
    await runner.query(
      `ALTER TABLE mri_series ADD CONSTRAINT "FK_985ebc0aa42a2da1dc1d47eb0c9" FOREIGN KEY (exam_id) REFERENCES knee_exam(id) ON DELETE CASCADE;`,
    );
    await runner.query(
      `ALTER TABLE mri_series ADD CONSTRAINT "FK_1b62f26481aacc683774ee2675c" FOREIGN KEY (asset_id) REFERENCES asset(id);`,
    );
    await runner.query(
      `ALTER TABLE mri_series ADD CONSTRAINT "FK_1fa165f9ce080fb3adef17157ae" FOREIGN KEY (generation_id) REFERENCES generation(id) ON DELETE CASCADE;`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE api_token, asset, audit_entry, bundle, visit, participant, reading, knee_exam, radiograph, generation, generation_event, generation_slice, mri_series`,
    );
  }
}
