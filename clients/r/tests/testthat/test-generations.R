exam_with_film <- function(server) {
  frame(cohort(server, where = list(hasMri = TRUE)), columns = "has_mri")$exam_id[[1]]
}

finished <- local({
  made <- NULL
  function(server) {
    if (is.null(made)) {
      asked <- generate_mri(server, exam_with_film(server), slice_count = 12, steps = 2, seed = 7, features = list(XRKL = 3, XRJSM = NA))
      made <<- watch(asked)$id
    }
    generation(server, made)
  }
})

numbers_of <- function(events) vapply(events, function(event) event$seq, integer(1))

test_that("a volume is generated and is an array with an affine", {
  server <- server_or_skip()
  done <- finished(server)
  row <- generation_row(done)
  series <- volume(done)

  expect_equal(row$state, "SUCCEEDED")
  expect_equal(c(row$sliceCount, row$steps, row$seed), c(12, 2, 7))
  expect_equal(row$bundle$name, "tiny-bundle")
  expect_equal(dim(series$array), c(256, 256, 12))
  expect_equal(series$spacing[[3]], 73.5 / 11, tolerance = 1e-5)
  expect_true(series$synthetic)
  expect_equal(c(series$provenance, series$exam_id), c("GENERATED", exam_with_film(server)))
  expect_true(series$id %in% unlist(volumes(cohort(server, where = list(hasMri = TRUE)), synthetic = NA, each = function(one) one$id)))
})

test_that("events are numbered without a gap and can be taken up anywhere", {
  done <- finished(server_or_skip())
  events <- follow(done)
  slices <- Filter(function(event) event[["__typename"]] == "GenerationSliceCompleted", events)

  expect_equal(numbers_of(events), seq_along(events))
  expect_equal(vapply(slices, function(event) event$completed, integer(1)), 1:12)
  expect_equal(events[[length(events)]]$state, "SUCCEEDED")
  expect_equal(numbers_of(follow(done, after = 5)), seq_along(events)[-(1:5)])
})

test_that("each event is told as it comes, until FALSE is given back", {
  told <- integer()
  came <- follow(finished(server_or_skip()), each = function(event) {
    told <<- c(told, event$seq)
    event$seq < 3
  })

  expect_equal(told, 1:3)
  expect_equal(numbers_of(came), 1:3)
})

test_that("an error of one's own ends the following as it is", {
  expect_error(follow(finished(server_or_skip()), each = function(event) stop("my own")), "my own")
})

test_that("fields of one's own are asked for by a document", {
  document <- "
  subscription Own($id: ID!, $after: Int!) {
    generationProgress(id: $id, after: $after) { seq ... on GenerationCompleted { denoiserEvaluations } }
  }"
  events <- follow(finished(server_or_skip()), document = document)

  expect_gt(events[[length(events) - 1]]$denoiserEvaluations, 0)
})

test_that("an unknown id is an error at once", {
  server <- server_or_skip()
  for (kind in c("generation", "batch", "evaluation", "export")) {
    name <- paste0(toupper(substr(kind, 1, 1)), substring(kind, 2), ":d0a3c090-252d-4719-93af-1c675756712b")
    id <- gsub("=", "", openssl::base64_encode(charToRaw(name)))
    expect_error(follow(server, kind, id), class = "osteograph_not_found")
  }
})

test_that("a wrong token ends the following at once", {
  done <- finished(server_or_skip())

  expect_error(follow(server_or_skip("osteo_wrong"), "generation", done$id), class = "osteograph_unauthenticated")
})

test_that("a generation that is canceled says so", {
  server <- server_or_skip()
  run <- generate_mri(server, exam_with_film(server), slice_count = 500, steps = 50, seed = 2)
  cancel(run)

  expect_equal(refusal_of_call(watch(run))$code, "CANCELED")
  expect_error(volume(run), class = "osteograph_failed")
})

test_that("what cannot be generated is said in the server's sentence", {
  server <- server_or_skip()
  exam <- exam_with_film(server)

  expect_error(generate_mri(server, exam, slice_count = 1), "sliceCount", class = "osteograph_error")
  expect_error(generate_mri(server, exam, slices = 12), "Field \"slices\" is not defined", class = "osteograph_bad_input")
  expect_error(generate_mri(server, exam, bundle = "nobody"), "nobody", class = "osteograph_error")
})

test_that("asking twice with one key gives one generation", {
  server <- server_or_skip()
  ask <- function() generate_mri(server, exam_with_film(server), slice_count = 4, steps = 1, seed = 5, client_key = "test-once")$id

  expect_equal(ask(), ask())
})

test_that("a bar tells the slices", {
  server <- server_or_skip()
  done <- finished(server)
  said <- paste(utils::capture.output(watch(done, progress = TRUE), type = "message"), collapse = "")

  expect_match(said, "12/12 slice")
  expect_equal(utils::capture.output(watch(done, progress = FALSE), type = "message"), character())
})

test_that("signs of life between events are no events, and pieces of a message wait for its end", {
  stream <- charToRaw(paste0(
    "id: 1\nevent: next\ndata: {\"data\":{\"generationProgress\":{\"seq\":1}}}\n\n:\n\n:\n\n",
    "id: 2\nevent: next\ndata: {\"data\":{\"generationProgress\":{\"seq\":2}}}\n\nevent: complete\ndata:\n\n"
  ))
  seqs <- integer()
  rest <- raw()
  for (at in seq_along(stream)) {
    split <- osteograph:::split_messages(c(rest, stream[[at]]))
    rest <- split$rest
    news <- osteograph:::events_in(split$messages, 200L)
    seqs <- c(seqs, vapply(news$events, function(event) event$seq, integer(1)))
  }

  expect_equal(seqs, 1:2)
  expect_true(news$over)
  expect_equal(rest, raw())
})
