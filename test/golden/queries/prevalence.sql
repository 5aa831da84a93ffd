WITH picked AS (SELECT t_participant.sex AS k0, t.side AS k1, t.participant_id, (t.xrkl >= $1::integer) AS holds
FROM knee_exam t
JOIN participant t_participant ON t_participant.id = t.participant_id
WHERE t.visit_code = $2::text), people AS (SELECT k0, k1, participant_id, count(*) AS exams, count(holds) AS n, count(*) FILTER (WHERE holds) AS s
FROM picked
GROUP BY k0, k1, participant_id) SELECT k0, k1, sum(exams)::integer AS exams, count(*)::integer AS participants, count(*) FILTER (WHERE n > 0)::integer AS people, sum(n)::integer AS trials, sum(s)::integer AS cases, sum(n * n)::double precision AS trials2, sum(s * n)::double precision AS products, sum(s * s)::double precision AS cases2
FROM people
GROUP BY k0, k1 HAVING count(*) > 0
LIMIT 20001;
