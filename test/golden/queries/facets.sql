SELECT k0, k1, k2, 0 AS totals, sum(exams)::integer AS exams, NULL::integer AS participants
FROM (SELECT t.xrkl AS k0, t.side AS k1, t_visit.code AS k2, count(*)::integer AS exams
FROM knee_exam t
JOIN visit t_visit ON t_visit.id = t.visit_id
WHERE TRUE
GROUP BY 1, 2, 3) grouped
GROUP BY k0, k1, k2 HAVING count(*) > 0
LIMIT 20001;
