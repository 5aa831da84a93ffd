import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { encodeId } from '../../domain/global-ids.js';
import type { SearchKind } from '../../domain/search.js';
import { queryRows } from '../../entities/index.js';
import type { Principal } from '../../policy/index.js';
import { COHORTS, listedFor } from '../cohorts/index.js';
import { compileFilter, Parameters, Scope } from '../filters/index.js';
import { findVariables } from '../variables/index.js';

/** How the nodes of each kind are called in ids; tags and variables have none. */
const NODES = {
  PARTICIPANT: 'Participant',
  RADIOGRAPH: 'Radiograph',
  MRI_SERIES: 'MriSeries',
  COHORT: 'Cohort',
  BATCH: 'Batch',
  EVALUATION: 'Evaluation',
  GENERATION: 'Generation',
} as const satisfies Partial<Record<SearchKind, string>>;

export interface SearchHit {
  kind: SearchKind;
  /** Node id; null for a tag and a variable. */
  id: string | null;
  /** Id of a knee exam that shows it; null where none does. */
  examId: string | null;
  title: string;
  detail: string | null;
}

const ROW = z.object({
  kind: z.enum(Object.keys(NODES) as [keyof typeof NODES, ...(keyof typeof NODES)[]]),
  key: z.string(),
  exam: z.number().nullable(),
  title: z.string(),
  detail: z.string().nullable(),
});

const TAGGED = z.object({ name: z.string(), exams: z.number() });

/** Tags that hold a text, and how many exams have each. */
const TAGS = `SELECT t.name, count(*)::integer AS exams FROM tag t WHERE t.exam_id IS NOT NULL AND t.name ILIKE $1
  GROUP BY t.name ORDER BY count(*) DESC, t.name LIMIT $2`;

/** SQL of the first exam of the visits or the participant that a condition names. */
const firstExam = (condition: string): string =>
  `(SELECT e.id FROM knee_exam e WHERE ${condition} ORDER BY e.visit_code, e.side DESC LIMIT 1)`;

/**
 * Whatever a text may name: ids of participants and barcodes that begin with it, cohorts, batches and evaluations whose names hold it,
 * generations by their client key, tags of exams that hold it, and variables as `findVariables` finds them. Only cohorts that the principal's list shows, and
 * generations of exams; uploads are nobody else's.
 *
 * @param most hits of each kind
 */
export async function searchEverything(
  dataSource: DataSource,
  principal: Principal,
  text: string,
  most: number,
): Promise<SearchHit[]> {
  const wanted = text.trim().replaceAll('\0', '').slice(0, MAX_TEXT);
  if (wanted === '') return [];
  const pattern = wanted.replace(/[\\%_]/g, '\\$&');
  const parameters = new Parameters();
  const [begins, holds] = [parameters.add(`${pattern}%`, 'text'), parameters.add(`%${pattern}%`, 'text')];
  const limit = parameters.add(most, 'integer');
  const listed = compileFilter(listedFor(principal, false), new Scope(COHORTS, 'c'), parameters);
  const rows = await queryRows(dataSource, ROW, found({ begins, holds, listed, limit }), parameters.values);
  const tags = await queryRows(dataSource, TAGGED, TAGS, [`%${pattern}%`, most]);
  const variables = await findVariables(dataSource, wanted, { most });
  return [
    ...rows.map(({ kind, key, exam, title, detail }) => ({
      ...{ kind, id: encodeId(NODES[kind], key), examId: exam === null ? null : encodeId('KneeExam', exam) },
      ...{ title, detail },
    })),
    ...tags.map(({ name, exams }) => ({
      ...{ kind: 'TAG' as const, id: null, examId: null, title: name },
      detail: exams === 1 ? '1 exam' : `${exams} exams`,
    })),
    ...variables.map(({ name, label }) => ({
      ...{ kind: 'VARIABLE' as const, id: null, examId: null, title: name, detail: label },
    })),
  ];
}

/** Characters of a text that are looked for: no name that is looked for is longer. */
const MAX_TEXT = 200;

/** SQL of the hits, kind by kind, of conditions and limits in SQL. */
function found({ begins, holds, listed, limit }: Record<'begins' | 'holds' | 'listed' | 'limit', string>): string {
  const kinds = [
    `SELECT 'PARTICIPANT' AS kind, p.id::text AS key, ${firstExam('e.participant_id = p.id')} AS exam, p.oai_id AS title, NULL::text AS detail
     FROM participant p WHERE p.oai_id LIKE ${begins} ORDER BY p.oai_id`,
    `SELECT 'RADIOGRAPH', f.id::text, coalesce(f.exam_id, ${firstExam('e.visit_id = f.visit_id')}), f.barcode, f.view
     FROM radiograph f WHERE f.barcode LIKE ${begins} ORDER BY f.barcode`,
    `SELECT 'MRI_SERIES', s.id::text, s.exam_id, s.barcode, s.sequence
     FROM mri_series s WHERE s.barcode LIKE ${begins} ORDER BY s.barcode`,
    `SELECT 'COHORT', c.id::text, NULL::integer, c.name, NULL::text
     FROM cohort c WHERE c.name ILIKE ${holds} AND (${listed}) ORDER BY c.updated_at DESC`,
    `SELECT 'BATCH', b.id::text, NULL::integer, b.name, lower(b.state)
     FROM batch b WHERE b.name ILIKE ${holds} ORDER BY b.created_at DESC`,
    `SELECT 'EVALUATION', v.id::text, NULL::integer, v.name, lower(v.state)
     FROM evaluation v WHERE v.name ILIKE ${holds} ORDER BY v.created_at DESC`,
    `SELECT 'GENERATION', g.id::text, g.exam_id, g.client_key, lower(g.state)
     FROM generation g WHERE g.exam_id IS NOT NULL AND g.client_key ILIKE ${begins} ORDER BY g.created_at DESC`,
  ];
  return kinds.map((kind) => `(${kind} LIMIT ${limit})`).join(' UNION ALL ');
}
