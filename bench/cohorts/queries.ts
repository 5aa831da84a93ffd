import { Client } from 'pg';

/**
 * The page of the benchmark in three languages: 50 knee exams in order of their key, each with its visit, readings, the film
 * to use and its real MRI series. Each is asked for the page after the one it gave last.
 */
export const PAGE_SIZE = 50;

/** Our page; `after` is the end of the page before. */
export const PAGE = `query ($first: Int, $after: String) {
  kneeExams(first: $first, after: $after) {
    nodes {
      id side kl womacPain
      visit { code month age bmi }
      readings { project kl }
      radiograph { view barcode }
      mriSeries { sequence plane barcode }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** What somebody who knows the tables would write: rows in, one JSON document out. */
export const PAGE_SQL = `SELECT json_build_object('nodes', json_agg(json_build_object(
  'id', e.id, 'side', e.side, 'kl', e.xrkl, 'womacPain', e.womac_pain,
  'visit', (SELECT json_build_object('code', v.code, 'month', v.month, 'age', v.age, 'bmi', v.bmi)
            FROM visit v WHERE v.id = e.visit_id),
  'readings', (SELECT coalesce(json_agg(json_build_object('project', r.project, 'kl', r.xrkl) ORDER BY r.project), '[]')
               FROM reading r WHERE r.exam_id = e.id),
  'radiograph', (SELECT json_build_object('view', f.view, 'barcode', f.barcode) FROM radiograph f
                 WHERE f.visit_id = e.visit_id OR f.exam_id = e.id
                 ORDER BY f.asset_id IS NULL, f.exam_id IS NULL, f.id LIMIT 1),
  'mriSeries', (SELECT coalesce(json_agg(json_build_object('sequence', m.sequence, 'plane', m.plane, 'barcode', m.barcode)
                                         ORDER BY m.id), '[]')
                FROM mri_series m WHERE m.exam_id = e.id AND NOT m.synthetic)
) ORDER BY e.id), 'last', max(e.id)) AS page
FROM (SELECT * FROM knee_exam WHERE id > $1 ORDER BY id LIMIT ${PAGE_SIZE}) e`;

/** PostGraphile 5 names fields after the tables; it has no field for "the film to use", so it gives all films. */
export const PAGE_POSTGRAPHILE = `query ($first: Int, $after: Cursor) {
  allKneeExams(first: $first, after: $after) {
    nodes {
      id side xrkl womacPain
      visitByVisitId {
        code month age bmi
        radiographsByVisitId { nodes { view barcode } }
      }
      readingsByExamId(orderBy: PROJECT_ASC) { nodes { project xrkl } }
      radiographsByExamId { nodes { view barcode } }
      mriSeriesByExamId(condition: { synthetic: false }) { nodes { sequence plane barcode } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/**
 * Copies the release in the database until there are `factor` times as many participants, each copy with keys, ids and
 * barcodes of its own. Quicker than importing such a release, and with the same share of everything.
 */
export async function multiply(databaseUrl: string, factor: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // The copies hold what the originals do: foreign keys and triggers would find nothing to do, one row at a time.
    await client.query('SET session_replication_role = replica');
    const keys: Record<string, number> = {};
    for (const table of TABLES) {
      const { rows } = await client.query<{ last: number }>(`SELECT max(id) AS last FROM ${table}`);
      keys[table] = rows[0]!.last;
    }
    for (const table of TABLES) await copyRows(client, table, keys, factor);
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}

const TABLES = ['participant', 'visit', 'knee_exam', 'reading', 'radiograph', 'mri_series'] as const;

async function copyRows(client: Client, table: string, keys: Record<string, number>, factor: number): Promise<void> {
  const { rows: columns } = await client.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'`,
    [table],
  );
  const values = columns.map(({ name }) => {
    if (name === 'id') return `id + copy * ${keys[table]!}`;
    if (name === 'exam_id') return `exam_id + copy * ${keys['knee_exam']!}`;
    if (name === 'visit_id' || name === 'participant_id') return `${name} + copy * ${keys[name.slice(0, -3)]!}`;
    if (name === 'oai_id') return '(oai_id::integer + copy * 100000)::text';
    if (name === 'barcode') return `(copy * 10 + 1)::text || substr(barcode, 3)`;
    return name;
  });
  await client.query(
    `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) OVERRIDING SYSTEM VALUE ` +
      `SELECT ${values.join(', ')} FROM ${table}, generate_series(1, $1::integer) AS copy ORDER BY copy, id`,
    [factor - 1],
  );
}
