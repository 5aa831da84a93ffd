SELECT '{"id":' || '"' || translate(rtrim(encode(('KneeExam:' || t.id)::bytea, 'base64'), '='), '+/', '-_') || '"' || ',"side":' || coalesce(to_json(t."side")::text, 'null') || ',"kl":' || coalesce(t.xrkl::text, 'null') || ',"womacPain":' || coalesce(to_json(t."womac_pain")::text, 'null') || ',"visit":' || coalesce((SELECT '{"code":' || coalesce(to_json(r."code")::text, 'null') || ',"month":' || coalesce(r."month"::text, 'null') || ',"age":' || coalesce(r."age"::text, 'null') || ',"bmi":' || coalesce(to_json(r."bmi")::text, 'null') || '}'
FROM visit r
WHERE r.id = t.visit_id), 'null') || ',"readings":' || '[' || (SELECT coalesce(string_agg('{"project":' || coalesce('"' || CASE r."project" WHEN '15' THEN 'PROJECT_15' WHEN '37' THEN 'PROJECT_37' END || '"', 'null') || ',"kl":' || coalesce(r.xrkl::text, 'null') || '}', ','
ORDER BY r.project), '')
FROM reading r
WHERE r.exam_id = t.id) || ']' || ',"radiograph":' || coalesce((SELECT '{"view":' || coalesce(to_json(r."view")::text, 'null') || ',"barcode":' || coalesce(to_json(r."barcode")::text, 'null') || '}'
FROM (SELECT *
FROM radiograph f
WHERE f.visit_id = t.visit_id UNION ALL SELECT *
FROM radiograph f
WHERE f.exam_id = t.id) r
ORDER BY r.asset_id IS NULL, r.exam_id IS NULL, r.id
LIMIT 1), 'null') || ',"mriSeries":' || '[' || (SELECT coalesce(string_agg('{"sequence":' || coalesce(to_json(r."sequence")::text, 'null') || ',"plane":' || coalesce(to_json(r."plane")::text, 'null') || ',"barcode":' || coalesce(to_json(r."barcode")::text, 'null') || '}', ','
ORDER BY r.id), '')
FROM mri_series r
WHERE r.exam_id = t.id AND NOT r.synthetic) || ']' || '}' AS item, t.id AS order_0
FROM knee_exam t
WHERE (TRUE) AND ((t.id > $1::integer))
ORDER BY t.id ASC NULLS LAST
LIMIT 51;
