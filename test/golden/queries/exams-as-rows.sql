SELECT "asset"."id", "asset"."sha256", "asset"."media_type", "asset"."bytes", "asset"."storage_key", "asset"."created_at", "asset"."stored_at"
FROM "asset"
WHERE id = ANY($1::integer[]);

SELECT page.*, parent.key AS parent
FROM unnest($1::integer[]) AS parent(key)
CROSS JOIN LATERAL (SELECT t."attempt", t."attempt_limit", t."cancel_requested", t."last_seq", t."waits", t."not_before", t."waiting_reason", t."error", t."created_at", t."started_at", t."heartbeat_at", t."finished_at", t."id", t."exam_id", t."radiograph_id", t."source_series_id", t."upload_id", t."side", t."bundle_id", t."task", t."parameters", t."state", t."slice_count", t."steps", t."sampler", t."eta", t."seed", t."noise", t."box", t."features", t."feature_overrides", t."client_key", t."request", t."requested_by_id", t."traceparent", t."key", t."batch_id", t."batch_position", t."priority", t."worker", t."device", t."origin", t."psnr", t."ssim", t."rssim", t."adjacent_correlation", t."ssim_mode", t."duration_ms", t."denoiser_evaluations", to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS order_0, t.id AS order_1, row_number() OVER (ORDER BY t.created_at DESC NULLS LAST, t.id ASC NULLS LAST) AS place_in_page
FROM generation t
WHERE (t.exam_id = parent.key) AND (TRUE)
ORDER BY t.created_at DESC NULLS LAST, t.id ASC NULLS LAST
LIMIT 4) page
ORDER BY page.place_in_page;

SELECT t."id", t."visit_id", t."visit_code", t."participant_id", t."side", t."preferred_project", t."origins", t."womac_pain", t."womac_disability", t."womac_stiffness", t."womac_total", t."koos_pain", t."koos_symptoms", t."injury_ever", t."surgery_ever", t."xrkl", t."xrosfm", t."xrosfl", t."xrostm", t."xrostl", t."xrscfm", t."xrscfl", t."xrsctm", t."xrsctl", t."xrcyfm", t."xrcyfl", t."xrcytm", t."xrcytl", t."xrjsm", t."xrjsl", t."xrchm", t."xrchl", t."xrattm", t."xrattl", (SELECT json_build_array(r."id", r."participant_id", r."code")
FROM visit r
WHERE r.id = t.visit_id) AS related_0, (SELECT json_build_array(r."id", r."oai_id")
FROM participant r
WHERE r.id = t.participant_id) AS related_1, (SELECT json_agg(json_build_array(r."id", r."exam_id", r."project", r."missing", r."xrkl")
ORDER BY r.project)
FROM reading r
WHERE r.exam_id = t.id) AS related_2, (SELECT json_agg(json_build_array(r."id", r."visit_id", r."exam_id", r."asset_id")
ORDER BY r.asset_id IS NULL, r.exam_id IS NULL, r.id)
FROM (SELECT *
FROM radiograph f
WHERE f.visit_id = t.visit_id UNION ALL SELECT *
FROM radiograph f
WHERE f.exam_id = t.id) r) AS related_3, (SELECT json_agg(json_build_array(r."id", r."exam_id", r."sequence", r."synthetic", r."asset_id", r."generation_id")
ORDER BY r.id)
FROM mri_series r
WHERE r.exam_id = t.id AND NOT r.synthetic) AS related_4, t.id AS order_0
FROM knee_exam t
WHERE (TRUE)
ORDER BY t.id ASC NULLS LAST
LIMIT 51;
