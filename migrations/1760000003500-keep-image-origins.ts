import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an image is, whose it is and where it comes from, stored when it comes in. Rows from before keep what was said of them until
 * now: those of a release are of its kind; what was added by hand is real. Their content is known where the stored file is nothing but it.
 */
export class KeepImageOrigins1760000003500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['radiograph', 'mri_series']) {
      await runner.query(`ALTER TABLE ${table}
        ADD COLUMN provenance text NOT NULL DEFAULT 'REAL', ADD COLUMN sponsor text, ADD COLUMN release text,
        ADD COLUMN imported_by text, ADD COLUMN source_uid text, ADD COLUMN content_sha256 text,
        ADD COLUMN deidentification smallint`);
      await runner.query(`CREATE INDEX "IDX_${table}_source_uid" ON ${table} (source_uid)`);
      await runner.query(`CREATE INDEX "IDX_${table}_content" ON ${table} (content_sha256)`);
    }
    await runner.query(`UPDATE radiograph r SET content_sha256 = a.sha256 FROM asset a WHERE a.id = r.asset_id`);
    await runner.query(`UPDATE radiograph r SET ${OF_RELEASE}
      FROM participant p, visit v WHERE v.participant_id = p.id AND r.barcode IS NOT NULL
        AND v.id = COALESCE(r.visit_id, (SELECT e.visit_id FROM knee_exam e WHERE e.id = r.exam_id))`);
    await runner.query(`UPDATE mri_series s SET ${OF_RELEASE}
      FROM participant p, knee_exam e WHERE e.participant_id = p.id AND s.barcode IS NOT NULL AND e.id = s.exam_id`);
    await runner.query(
      `UPDATE mri_series SET provenance = 'GENERATED', sponsor = NULL WHERE generation_id IS NOT NULL`,
    );
    // What was added by hand was named as its scanner's operator had typed; only words of an acquisition stay.
    await runner.query(
      `UPDATE mri_series SET sequence = COALESCE(${cleaned('sequence', '_')}, 'MR')
       WHERE barcode IS NULL AND generation_id IS NULL`,
      [WORDS],
    );
    await runner.query(`UPDATE radiograph SET view = COALESCE(${cleaned('view', ' ')}, 'Knee') WHERE barcode IS NULL`, [
      WORDS,
    ]);
    await runner.query(`ALTER TABLE radiograph
      ADD CONSTRAINT radiograph_provenance CHECK (provenance IN ('REAL', 'PHANTOM'))`);
    await runner.query(`ALTER TABLE mri_series
      ADD CONSTRAINT mri_series_provenance CHECK (provenance IN ('REAL', 'PHANTOM', 'GENERATED')),
      ADD CONSTRAINT mri_series_generated_provenance CHECK ((provenance = 'GENERATED') = (generation_id IS NOT NULL))`);
    // Paths of the host may name patients: the digest tells as well whether a path was met before.
    await runner.query(`UPDATE imported_file SET path = encode(sha256(convert_to(path, 'UTF8')), 'hex')`);
    await runner.query(`UPDATE audit_entry SET target = NULL WHERE action = 'import' AND starts_with(target, '/')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM imported_file`);
    await runner.query(`ALTER TABLE radiograph DROP CONSTRAINT radiograph_provenance`);
    await runner.query(`ALTER TABLE mri_series
      DROP CONSTRAINT mri_series_provenance, DROP CONSTRAINT mri_series_generated_provenance`);
    for (const table of ['radiograph', 'mri_series']) {
      await runner.query(`ALTER TABLE ${table}
        DROP COLUMN provenance, DROP COLUMN sponsor, DROP COLUMN release, DROP COLUMN imported_by,
        DROP COLUMN source_uid, DROP COLUMN content_sha256, DROP COLUMN deidentification`);
    }
  }
}

const WORDS =
  `L R LEFT RIGHT BILATERAL BOTH KNEE KNEES THIGH THIGHS HAND HANDS PELVIS LIMB LEG LEGS FULL LOWER HIP ANKLE COR CORONAL
  SAG SAGITTAL AX AXIAL TRA TRANSVERSE TRANSVERSAL OBL OBLIQUE PARA ISO T1 T2 T1W T2W T2STAR PD PDW IW W WE FS FAT
  FATSAT SAT WATER SPAIR STIR SPIR DIXON IN OUT OPP PHASE ECHO ECHOES SE TSE FSE GE GRE FLASH DESS MEDIC VIBE SPACE CUBE
  SPGR FISP TRUFISP BSSFP MESE MSME MPR MPRAGE MAP MAPS MR MRI LOC LOCALIZER LOCALISER LOCATOR SCOUT SURVEY PRESCRIPTION
  PRESCRIPTIONS FOV FILTER CODE RANGE TE TR HIGH LOW RES RESOLUTION PA AP LATERAL LAT SKYLINE SUNRISE MERCHANT ROSENBERG
  TUNNEL VIEW FIXED FLEXION FLEXED SEMI EXTENSION STANDING WEIGHT BEARING WB CR DX XR XRAY RAY X FILM RADIOGRAPH
  SYNTHETIC PHANTOM TEST`.split(/\s+/);

function cleaned(column: string, separator: string): string {
  return `(SELECT string_agg(word, '${separator}' ORDER BY place)
    FROM regexp_split_to_table(${column}, '[^A-Za-z0-9]+') WITH ORDINALITY AS t (word, place)
    WHERE upper(word) = ANY($1) OR upper(word) ~ '^[0-9]{1,3}(D|T|MM|CM|MS|DEG)?$')`;
}

/** Until now a release was synthetic where its participants were flagged as phantoms. */
const OF_RELEASE = `provenance = CASE WHEN p.phantom THEN 'PHANTOM' ELSE 'REAL' END,
  sponsor = CASE WHEN p.phantom THEN 'Osteograph synthetic release' ELSE 'Osteoarthritis Initiative' END`;
