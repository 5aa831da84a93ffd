import type { DataSource } from 'typeorm';

/** Everything that was imported, by names instead of by keys: values, with file, line and version; the store's cells; its words and counts. */
export async function everythingImported(dataSource: DataSource): Promise<Record<string, unknown[]>> {
  const origin = (row: string): string =>
    `(SELECT jsonb_object_agg(o.key, jsonb_build_array(s.file, s.version, o.value ->> 1, o.value ->> 2))
      FROM jsonb_each(${row}.origins) o JOIN import_source s ON s.id = (o.value ->> 0)::integer) AS origins`;
  const dropped = (row: string): string =>
    `(SELECT jsonb_object_agg(d.key, s.version) FROM jsonb_each(${row}.dropped) d JOIN import_source s ON s.id = d.value::text::integer) AS dropped`;
  const query = async (sql: string): Promise<unknown[]> => dataSource.query(sql);
  return {
    participants: await query(`SELECT oai_id, sex, ${dropped('p')}, ${origin('p')} FROM participant p ORDER BY 1`),
    visits: await query(
      `SELECT oai_id, code, age, bmi, ${dropped('v')}, ${origin('v')} FROM visit v JOIN participant p ON p.id = participant_id ORDER BY 1, 2`,
    ),
    exams: await query(
      `SELECT oai_id, visit_code, side, womac_pain, preferred_project, xrkl, ${origin('e')}
       FROM knee_exam e JOIN participant p ON p.id = participant_id ORDER BY 1, 2, 3`,
    ),
    readings: await query(
      `SELECT oai_id, visit_code, side, project, version, r.xrkl, r.xrjsm, missing, ${dropped('r')}, ${origin('r')}
       FROM reading r JOIN knee_exam e ON e.id = exam_id JOIN participant p ON p.id = participant_id ORDER BY 1, 2, 3, 4`,
    ),
    cells: await query(
      `SELECT v.name, b.reading, p.oai_id, coalesce(e.visit_code, w.code) AS visit, e.side, l.text, s.file, s.version
       FROM variable v JOIN variable_block b ON b.variable_id = v.id
       CROSS JOIN LATERAL unnest(b.codes) WITH ORDINALITY c(code, place)
       JOIN variable_level l ON l.variable_id = v.id AND l.code = c.code
       JOIN import_source s ON s.id = COALESCE(b.sources[c.place], b.sources[1])
       LEFT JOIN knee_exam e ON v.owner = 'knee_exam' AND e.id = b.block * 256 + c.place - 1
       LEFT JOIN visit w ON v.owner = 'visit' AND w.id = b.block * 256 + c.place - 1
       JOIN participant p ON p.id = COALESCE(e.participant_id, w.participant_id, b.block * 256 + c.place - 1)
       ORDER BY v.name, b.reading, p.oai_id, visit, e.side, l.text`,
    ),
    variables: await query(
      `SELECT name, kind, tables, readings, (SELECT json_agg(text ORDER BY text) FROM variable_level l WHERE l.variable_id = v.id) AS words,
         (SELECT json_agg(json_build_array(visit, filled, missing) ORDER BY visit) FROM variable_coverage c
           WHERE c.variable_id = v.id AND (filled <> 0 OR missing <> 0)) AS coverage
       FROM variable v ORDER BY name`,
    ),
  };
}
