SELECT '{"id":' || '"' || translate(rtrim(encode(('KneeExam:' || t.id)::bytea, 'base64'), '='), '+/', '-_') || '"' || ',"kl":' || coalesce(t.xrkl::text, 'null') || ',"visit":' || coalesce((SELECT '{"bmi":' || coalesce(to_json(r."bmi")::text, 'null') || '}'
FROM visit r
WHERE r.id = t.visit_id), 'null') || '}' AS item, t_visit.bmi AS order_0, t.id AS order_1
FROM knee_exam t
JOIN visit t_visit ON t_visit.id = t.visit_id
WHERE (TRUE)
ORDER BY t_visit.bmi DESC NULLS LAST, t.id ASC NULLS LAST
LIMIT 51;
