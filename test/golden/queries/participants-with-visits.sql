SELECT "knee_exam"."id", "knee_exam"."visit_id", "knee_exam"."visit_code", "knee_exam"."participant_id", "knee_exam"."side", "knee_exam"."preferred_project", "knee_exam"."origins", "knee_exam"."womac_pain", "knee_exam"."womac_disability", "knee_exam"."womac_stiffness", "knee_exam"."womac_total", "knee_exam"."koos_pain", "knee_exam"."koos_symptoms", "knee_exam"."injury_ever", "knee_exam"."surgery_ever", "knee_exam"."xrkl", "knee_exam"."xrosfm", "knee_exam"."xrosfl", "knee_exam"."xrostm", "knee_exam"."xrostl", "knee_exam"."xrscfm", "knee_exam"."xrscfl", "knee_exam"."xrsctm", "knee_exam"."xrsctl", "knee_exam"."xrcyfm", "knee_exam"."xrcyfl", "knee_exam"."xrcytm", "knee_exam"."xrcytl", "knee_exam"."xrjsm", "knee_exam"."xrjsl", "knee_exam"."xrchm", "knee_exam"."xrchl", "knee_exam"."xrattm", "knee_exam"."xrattl"
FROM "knee_exam"
WHERE visit_id = ANY($1::integer[]) AND TRUE
ORDER BY side DESC;

SELECT "visit"."id", "visit"."participant_id", "visit"."code", "visit"."month", "visit"."origins", "visit"."dropped", "visit"."date", "visit"."age", "visit"."bmi", "visit"."koos_quality_of_life", "visit"."koos_sport", "visit"."pase", "visit"."cesd"
FROM "visit"
WHERE participant_id = ANY($1::integer[]) AND TRUE
ORDER BY code;

SELECT t."id", t."oai_id", t."phantom", t."origins", t."dropped", t."sex", t."race", t."hispanic", t."cohort", t."site", t."cohort_half", t."last_contact", t."death_date", t."death_confirmation", t."death_after", t.id AS order_0
FROM participant t
WHERE (TRUE)
ORDER BY t.id ASC NULLS LAST
LIMIT 31;
