# What can be followed. `events` is a subscription with the variables $id and $after, absent where there is no log; `row` is a query with $id, of
# what stands for the events where none get through.
logs <- list(
  generation = list(
    events = "
    subscription FollowGeneration($id: ID!, $after: Int!) {
      generationProgress(id: $id, after: $after) {
        __typename seq at
        ... on GenerationStateChanged { state message }
        ... on GenerationStepProgress { firstSlice lastSlice step steps fraction }
        ... on GenerationSliceCompleted { completed total slice { index depth psnr ssim rssim previewUrl } }
        ... on GenerationTileCompleted { index total step steps fraction }
        ... on GenerationFrameCompleted { index total position kl jsw expectedKl image }
        ... on GenerationCompleted { psnr ssim rssim adjacentCorrelation durationMs device mriSeries { id volume { url bytes } } }
      }
    }",
    row = "
    query GenerationSoFar($id: ID!) {
      generation(id: $id) {
        __typename id state lastSeq error waitingReason sliceCount slices { index depth psnr ssim rssim previewUrl }
      }
    }"
  ),
  batch = list(
    events = "
    subscription FollowBatch($id: ID!, $after: Int!) {
      batchProgress(id: $id, after: $after) {
        __typename seq at counters { total waiting running succeeded reused failed canceled impossible }
        ... on BatchStateChanged { state message }
        ... on BatchGenerationFinished { generationId outcome error }
        ... on BatchCompleted { seconds }
      }
    }",
    row = "
    query BatchSoFar($id: ID!) {
      batch(id: $id) {
        __typename id state lastSeq message fraction
        counters { total waiting running succeeded reused failed canceled impossible }
      }
    }"
  ),
  evaluation = list(
    events = "
    subscription FollowEvaluation($id: ID!, $after: Int!) {
      evaluationProgress(id: $id, after: $after) {
        __typename seq at
        ... on EvaluationStateChanged { state message }
        ... on EvaluationVolumeScored { arm examId generationId reused psnr ssim rssim error done failed total }
      }
    }",
    row = "
    query EvaluationSoFar($id: ID!) {
      evaluation(id: $id) { __typename id state lastSeq error waitingReason }
    }"
  ),
  export = list(
    row = "
    query ExportSoFar($id: ID!) {
      export(id: $id) {
        __typename id state format fraction rows done total error waitingReason expiresAt file { url bytes sha256 mediaType }
      }
    }"
  )
)

under_way <- c("QUEUED", "RUNNING", "PAUSED")
