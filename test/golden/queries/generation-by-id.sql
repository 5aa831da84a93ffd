SELECT "bundle"."id", "bundle"."name", "bundle"."version", "bundle"."task", "bundle"."manifest", "bundle"."sha256", "bundle"."bytes", "bundle"."state", "bundle"."refusal", "bundle"."directory", "bundle"."created_at"
FROM "bundle"
WHERE id = ANY($1::integer[]);

SELECT "generation"."attempt", "generation"."attempt_limit", "generation"."cancel_requested", "generation"."last_seq", "generation"."waits", "generation"."not_before", "generation"."waiting_reason", "generation"."error", "generation"."created_at", "generation"."started_at", "generation"."heartbeat_at", "generation"."finished_at", "generation"."id", "generation"."exam_id", "generation"."radiograph_id", "generation"."source_series_id", "generation"."upload_id", "generation"."side", "generation"."bundle_id", "generation"."task", "generation"."parameters", "generation"."state", "generation"."slice_count", "generation"."steps", "generation"."sampler", "generation"."eta", "generation"."seed", "generation"."noise", "generation"."box", "generation"."features", "generation"."feature_overrides", "generation"."client_key", "generation"."request", "generation"."requested_by_id", "generation"."traceparent", "generation"."key", "generation"."batch_id", "generation"."batch_position", "generation"."priority", "generation"."worker", "generation"."device", "generation"."origin", "generation"."psnr", "generation"."ssim", "generation"."rssim", "generation"."adjacent_correlation", "generation"."ssim_mode", "generation"."duration_ms", "generation"."denoiser_evaluations"
FROM "generation"
WHERE id = ANY($1::uuid[]);

SELECT "generation_slice"."generation_id", "generation_slice"."index", "generation_slice"."depth", "generation_slice"."psnr", "generation_slice"."ssim", "generation_slice"."rssim", "generation_slice"."asset_id"
FROM "generation_slice"
WHERE generation_id = ANY($1::uuid[]) AND TRUE
ORDER BY index;

SELECT "knee_exam"."id", "knee_exam"."visit_id", "knee_exam"."visit_code", "knee_exam"."participant_id", "knee_exam"."side", "knee_exam"."preferred_project", "knee_exam"."origins", "knee_exam"."womac_pain", "knee_exam"."womac_disability", "knee_exam"."womac_stiffness", "knee_exam"."womac_total", "knee_exam"."koos_pain", "knee_exam"."koos_symptoms", "knee_exam"."injury_ever", "knee_exam"."surgery_ever", "knee_exam"."xrkl", "knee_exam"."xrosfm", "knee_exam"."xrosfl", "knee_exam"."xrostm", "knee_exam"."xrostl", "knee_exam"."xrscfm", "knee_exam"."xrscfl", "knee_exam"."xrsctm", "knee_exam"."xrsctl", "knee_exam"."xrcyfm", "knee_exam"."xrcyfl", "knee_exam"."xrcytm", "knee_exam"."xrcytl", "knee_exam"."xrjsm", "knee_exam"."xrjsl", "knee_exam"."xrchm", "knee_exam"."xrchl", "knee_exam"."xrattm", "knee_exam"."xrattl"
FROM "knee_exam"
WHERE id = ANY($1::integer[]);
