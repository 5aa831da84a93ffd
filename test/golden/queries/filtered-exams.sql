SELECT t."id", t."visit_id", t."participant_id", t."preferred_project", t."xrkl", (SELECT json_build_array(r."id", r."participant_id", r."age")
FROM visit r
WHERE r.id = t.visit_id) AS related_0, t.id AS order_0
FROM knee_exam t
WHERE ((t.xrkl >= $1::integer) AND (t.visit_code = $2::text) AND (EXISTS (SELECT 1
FROM mri_series m
WHERE m.exam_id = t.id AND NOT m.synthetic AND m.asset_id IS NOT NULL AND m.dropped = '{}')))
ORDER BY t.id ASC NULLS LAST
LIMIT 51;
