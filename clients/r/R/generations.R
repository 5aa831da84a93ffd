generate_mutation <- "
mutation Generate($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }"

cancel_generation_mutation <- "
mutation CancelGeneration($id: ID!) { cancelGeneration(input: { id: $id }) { generation { state } } }"

generation_query <- "
query Generation($id: ID!) {
  generation(id: $id) {
    id state error lastSeq sliceCount steps seed psnr ssim rssim durationMs device bundle { name version }
    exam { id side participant { oaiId } visit { code } }
    mriSeries { id sequence synthetic provenance volume { url } }
  }
}"

#' Ask for a synthetic MRI volume
#'
#' Of an exam's knee, from its film. [watch()] waits for it with a bar, [follow()] tells each of its events, and [volume()] has it as an array. It
#' takes a token of role OPERATOR. It goes on on the server whether anybody watches or not.
#'
#' @inheritParams os_query
#' @param exam_id An exam with a film; or else `radiograph_id` or `upload_id` among the further arguments.
#' @param ... What `generateMri` of the API takes, with words joined by `_`: `slice_count`, `steps`, `seed`, `bundle`, `sampler`, `eta`, `noise`,
#'   `grade_guidance`, `side`, `box`, `client_key`; and `features`, such as `list(XRKL = 4)`, where `NA` means "as if missing".
#' @return A generation. It is asked for once, whatever happens to the answer: a key of its own stands for the request where none is given.
#' @examples
#' \dontrun{
#' generation <- generate_mri(server, knees$exam_id[1], slice_count = 50, features = list(XRKL = 4))
#' array <- volume(watch(generation))$array
#' }
#' @export
generate_mri <- function(server, exam_id = NULL, ...) {
  given <- without_nulls(list(exam_id = exam_id, ...))
  names(given) <- camel(names(given))
  if (is.list(given$features)) {
    given$features <- lapply(names(given$features), function(name) list(feature = name, grade = given$features[[name]]))
  }
  key <- paste0("r-", paste(as.character(openssl::rand_bytes(16)), collapse = ""))
  input <- utils::modifyList(list(clientKey = key), given, keep.null = TRUE)
  answer <- ask(server, generate_mutation, list(input = input), repeatable = TRUE)
  new_generation(server, answer$generateMri$generation$id)
}

#' A generation that was asked for before
#'
#' @inheritParams os_query
#' @param id Its id.
#' @param x,... For printing.
#' @return A generation, for [watch()], [follow()], [volume()], [generation_row()] and [cancel()]. An error of class `osteograph_not_found`.
#' @export
generation <- function(server, id) {
  found <- new_generation(server, id)
  generation_row(found)
  found
}

#' How a generation stands
#'
#' @param generation From [generate_mri()] or [generation()].
#' @return A list: `state` (QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELED), `error`, `seed`, `bundle`, scores (`NULL` where the exam has no real
#'   MRI), `exam`, `mriSeries`.
#' @export
generation_row <- function(generation) {
  row <- ask(generation$server, generation_query, list(id = generation$id))$generation
  if (is.null(row)) raise("NOT_FOUND", "There is no generation with this id.")
  row
}

#' Wait until a generation has succeeded, with a bar
#'
#' @inheritParams generation_row
#' @param progress Whether the bar is drawn; default: that of the connection.
#' @return The generation, invisibly. An error of class `osteograph_failed` with the server's sentence when it fails or is canceled.
#' @export
watch <- function(generation, progress = NULL) {
  shown <- bar("generation ", shown = progress %||% generation$server$progress)
  on.exit(shown$done())
  follow(generation, each = function(update) look_at(update, shown))
  row <- generation_row(generation)
  if (row$state != "SUCCEEDED") raise(row$state, row$error %||% "The generation was canceled.")
  invisible(generation)
}

#' Stop a generation
#'
#' What runs ends within one step of the network.
#'
#' @inheritParams generation_row
#' @return Its id, invisibly.
#' @export
cancel <- function(generation) {
  ask(generation$server, cancel_generation_mutation, list(id = generation$id), repeatable = TRUE)
  invisible(generation$id)
}

#' @rdname follow
#' @export
follow.osteograph_generation <- function(x, after = 0, each = NULL, document = NULL, ...) {
  follow(x$server, "generation", x$id, after = after, each = each, document = document)
}

#' @rdname generation
#' @export
print.osteograph_generation <- function(x, ...) {
  cat(sprintf("<Generation %s>\n", x$id))
  invisible(x)
}

new_generation <- function(server, id) {
  structure(class = "osteograph_generation", list(server = server, id = id))
}

# An event tells its slice; a row, where no events get through, all that there are.
look_at <- function(update, shown) {
  if (update[["__typename"]] == "GenerationSliceCompleted") {
    tell_slice(update$completed, update$total, update$slice, shown)
  } else if (update[["__typename"]] == "Generation" && length(update$slices) > 0) {
    tell_slice(length(update$slices), update$sliceCount, update$slices[[length(update$slices)]], shown)
  }
}

tell_slice <- function(done, total, newest, shown) {
  score <- if (!is.null(newest$psnr)) sprintf(", %.1f dB", newest$psnr)
  shown$to(done, total, paste0("slice ", newest$index, score))
}

camel <- function(names) {
  gsub("_([a-z])", "\\U\\1", names, perl = TRUE)
}
