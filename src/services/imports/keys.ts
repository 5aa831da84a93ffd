import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BLOCK, type VariableTable } from '../../domain/variables/index.js';
import type { VisitCode } from '../../domain/visits.js';
import { queryRow, queryRows } from '../../entities/index.js';
import type { TableKind } from '../../oai/index.js';

interface Keyed {
  key: string;
  from: string;
  visit: string | null;
  /** Default: those of `t`. */
  origins?: string;
  /** Whose cells the store has of such a row. */
  owners?: readonly VariableTable[];
}

/** Keys of stored rows as {@link RowReader.key} writes them, and the table `t` whose origins tell where a row comes from. */
const KEYS: Readonly<Record<Exclude<TableKind, 'assessments'>, Keyed>> = {
  enrollees: { key: 't.oai_id', from: 'participant t', visit: null, owners: ['participant'] },
  clinical: {
    key: `p.oai_id || ' ' || t.code`,
    from: 'visit t JOIN participant p ON p.id = t.participant_id',
    visit: 't.code',
    // Of many a clinical table nothing has a column of ours: JointSx00, or SubjectChar00 besides what AllClinical00 says too.
    owners: ['visit', 'knee_exam'],
  },
  readings: {
    key: `p.oai_id || ' ' || x.visit_code || ' ' || x.side || ' ' || t.project`,
    from: 'reading t JOIN knee_exam x ON x.id = t.exam_id JOIN participant p ON p.id = x.participant_id',
    visit: 'x.visit_code',
  },
  films: { key: 't.barcode', from: 'radiograph t', visit: null },
  series: { key: 't.barcode', from: 'mri_series t', visit: null },
  outcomes: {
    key: 't.oai_id',
    from: 'participant t',
    visit: null,
    // Of many the table tells nothing but what became of a joint.
    origins: `t.origins || coalesce((SELECT jsonb_object_agg(j.id || o.key, o.value) FROM joint_outcome j
      CROSS JOIN LATERAL jsonb_each(j.origins) o WHERE j.participant_id = t.id), '{}')`,
    owners: ['participant'],
  },
};

/** The owners that belong to a row `t`. */
const OWNERS: Readonly<Record<VariableTable, string>> = {
  participant: "SELECT 'participant', t.id",
  visit: "SELECT 'visit', t.id",
  knee_exam: "SELECT 'knee_exam', x.id FROM knee_exam x WHERE x.visit_id = t.id",
};

/** A stored row of a released table. */
export interface KeyedRow {
  id: number;
  key: string;
  /** Those of the sources asked for that it has something of. */
  sources: number[];
  /** The newer file of the table that has it no more; null where there is none. */
  dropped: number | null;
}

const ROW = z.object({ id: z.number(), key: z.string(), sources: z.array(z.number()), dropped: z.number().nullable() });

/**
 * The rows that have something from one of these sources, of one visit or of all, and those that a file of the table has no more. An image that has
 * given up its barcode is no row of the table any more: the image beside it is.
 */
export async function rowsOfSources(
  manager: EntityManager,
  kind: keyof typeof KEYS,
  { visit, table, sources }: { visit: VisitCode | null; table: string; sources: readonly number[] },
): Promise<KeyedRow[]> {
  if (sources.length === 0) return [];
  const { key, from, visit: code, origins = 't.origins', owners = [] } = KEYS[kind];
  const ofRow = owners.map((owner) => OWNERS[owner]).join(' UNION ALL ');
  const stored = `UNION SELECT l.source_id FROM (${ofRow}) o (owner, id)
       JOIN variable_line l ON l.owner = o.owner AND l.block = o.id / ${BLOCK}
       WHERE l.source_id = ANY($1) AND l.lines[o.id % ${BLOCK} + 1] <> 0`;
  return queryRows(
    manager,
    ROW,
    `SELECT t.id, ${key} AS key, s.sources, (t.dropped ->> $3)::integer AS dropped FROM ${from}
     CROSS JOIN LATERAL (SELECT ARRAY(SELECT (o.value ->> 0)::integer FROM jsonb_each(${origins}) o
       WHERE (o.value ->> 0)::integer = ANY($1) ${owners.length > 0 ? stored : 'GROUP BY 1'}) AS sources) s
     WHERE (${key}) IS NOT NULL AND ($2::text IS NULL OR ${code ?? '$2::text'} = $2) AND (s.sources <> '{}' OR t.dropped ? $3)`,
    [sources, visit, table],
  );
}

/** Whether a file tells which rows of a kind it has, whatever they say: it has columns that the store keeps. */
export async function tellsRows(manager: EntityManager, kind: keyof typeof KEYS, source: number): Promise<boolean> {
  const { found } = await queryRow(
    manager,
    z.object({ found: z.boolean() }),
    'SELECT EXISTS (SELECT FROM variable_line WHERE source_id = $1 AND owner = ANY($2)) AS found',
    [source, KEYS[kind].owners ?? []],
  );
  return found;
}

/** The table of the database that holds the rows of a kind of released table. */
export function keyedTable(kind: keyof typeof KEYS): string {
  return KEYS[kind].from.split(' ')[0]!;
}
