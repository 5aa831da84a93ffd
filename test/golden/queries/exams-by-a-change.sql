SELECT '{"id":' || '"' || translate(rtrim(encode(('KneeExam:' || t.id)::bytea, 'base64'), '='), '+/', '-_') || '"' || ',"kl":' || coalesce(t.xrkl::text, 'null') || '}' AS item, (to0bo.womac_pain::numeric - to0ao.womac_pain::numeric)::double precision AS order_0, t.id AS order_1
FROM knee_exam t
LEFT JOIN knee_exam to0ao ON to0ao.participant_id = t.participant_id AND to0ao.side = t.side AND to0ao.visit_code = 'V00'
LEFT JOIN knee_exam to0bo ON to0bo.participant_id = t.participant_id AND to0bo.side = t.side AND to0bo.visit_code = 'V01'
WHERE (t.visit_code = $1::text)
ORDER BY (to0bo.womac_pain::numeric - to0ao.womac_pain::numeric)::double precision ASC NULLS LAST, t.id ASC NULLS LAST
LIMIT 51;

SELECT v.id, v.name, v.owner, v.kind, v.label, v.unit, v.tables, v.readings
FROM variable v
WHERE upper(v.name) = ANY($1);

SELECT w.key, d.name, d.version AS newest, v.version, v.label, v.definition
FROM (SELECT DISTINCT *
FROM unnest($1::text[], $2::text[], $3::integer[]) w(key, name, version)) w
JOIN derived_variable d ON upper(d.name) = w.name
LEFT JOIN derived_variable_version v ON v.variable_id = d.id AND v.version = coalesce(w.version, d.version);
