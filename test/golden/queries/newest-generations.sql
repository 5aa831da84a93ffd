SELECT t."attempt", t."attempt_limit", t."cancel_requested", t."last_seq", t."waits", t."not_before", t."waiting_reason", t."error", t."created_at", t."started_at", t."heartbeat_at", t."finished_at", t."id", t."exam_id", t."radiograph_id", t."source_series_id", t."upload_id", t."side", t."bundle_id", t."task", t."parameters", t."state", t."slice_count", t."steps", t."sampler", t."eta", t."seed", t."noise", t."box", t."features", t."feature_overrides", t."client_key", t."request", t."requested_by_id", t."traceparent", t."key", t."batch_id", t."batch_position", t."priority", t."worker", t."device", t."origin", t."psnr", t."ssim", t."rssim", t."adjacent_correlation", t."ssim_mode", t."duration_ms", t."denoiser_evaluations", to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS order_0, t.id AS order_1
FROM generation t
WHERE (TRUE)
ORDER BY t.created_at DESC NULLS LAST, t.id ASC NULLS LAST
LIMIT 26;
