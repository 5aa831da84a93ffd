# Exams that are asked for at a time.
exams_per_page <- 25

films_query <- "
query Films($where: KneeExamFilter, $first: Int, $after: String) {
  page: kneeExams(where: $where, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id side participant { oaiId } visit { code }
      radiograph { id view bilateral pixelSpacing provenance image { url } }
    }
  }
}"

volumes_query <- "
query Volumes($where: KneeExamFilter, $synthetic: Boolean, $first: Int, $after: String) {
  page: kneeExams(where: $where, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id side participant { oaiId } visit { code }
      mriSeries(synthetic: $synthetic) { id sequence synthetic provenance volume { url } }
    }
  }
}"

address_query <- "
query Address($id: ID!) {
  node(id: $id) { ... on Radiograph { file: image { url } } ... on MriSeries { file: volume { url } } }
}"

#' A radiograph as an array
#'
#' @inheritParams os_query
#' @param exam_id An exam; its film to use is taken.
#' @return A list of `array` (rows x columns, whole numbers, bone bright), `pixel_spacing` (mm per pixel at the detector; `NULL` where the film
#'   does not say it), `id`, `exam_id`, `oai_id`, `visit`, `side`, `view`, `bilateral` (whether it shows both knees; the patient's right is on the
#'   image's left) and `provenance` (`REAL` or `PHANTOM`). An error of class `osteograph_not_found` where none has pixels.
#' @examples
#' \dontrun{
#' film <- film(server, knees$exam_id[1])
#' plot(as.raster(film$array / max(film$array)))
#' }
#' @export
film <- function(server, exam_id) {
  found <- NULL
  each_row(server, films_query, list(where = list(id = list(eq = exam_id))), size = 1, each = function(exam) {
    if (has_film(exam)) found <<- film_of(server, exam)
  })
  found %||% raise("NOT_FOUND", sprintf("There is no exam %s with a film whose pixels are stored.", exam_id))
}

#' Films of a cohort
#'
#' Of the exams that have one with pixels, one after the other: nothing but one is in memory unless `each` keeps it.
#'
#' @inheritParams frame
#' @param each A function that is called with each film; default: keeps them all.
#' @return What `each` gave, a list.
#' @examples
#' \dontrun{
#' brightest <- films(baseline, function(film) max(film$array))
#' }
#' @export
films <- function(cohort, each = identity, progress = NULL) {
  where <- both(cohort_filter(cohort), list(hasRadiograph = TRUE))
  each_image(cohort, films_query, list(where = where), "films", each, progress, function(exam, give) {
    if (has_film(exam)) give(film_of(cohort$server, exam))
  })
}

#' An MRI series as an array
#'
#' @param x A server from [osteograph_connect()], or a generation that has succeeded.
#' @param exam_id An exam.
#' @param sequence Words of the series' description, such as `"COR_T1_3D_FLASH"`; default: the first there is.
#' @param synthetic `FALSE` for imported series, `TRUE` for generated ones, `NA` for either. The two never mix silently.
#' @param ... Not used.
#' @return A list of `array` (three dimensions, in the file's own scale; slices posterior to anterior), `affine` (4 x 4, from indices that begin
#'   with 0 to mm: right, anterior and superior are positive; `NULL` where the placement is not known), `spacing` (mm between neighbouring voxels),
#'   `id`, `exam_id`, `oai_id`, `visit`, `side`, `sequence`, `synthetic`, `provenance` and `description` (of the file). Errors of class
#'   `osteograph_not_found` where no series has pixels, and `osteograph_failed` where a generation has no volume.
#' @examples
#' \dontrun{
#' knee <- volume(server, knees$exam_id[1])
#' image(knee$array[, , 40], col = grey.colors(256))
#' }
#' @export
volume <- function(x, ...) {
  UseMethod("volume")
}

#' @rdname volume
#' @export
volume.osteograph <- function(x, exam_id, sequence = NULL, synthetic = FALSE, ...) {
  found <- NULL
  asked <- list(where = list(id = list(eq = exam_id)), synthetic = synthetic)
  each_row(x, volumes_query, asked, size = 1, each = function(exam) {
    series <- series_of(exam, sequence)
    if (length(series) > 0) found <<- volume_of(x, series[[1]], exam)
  })
  of <- if (!is.null(sequence)) paste0(" ", sequence)
  found %||% raise("NOT_FOUND", paste0("There is no exam ", exam_id, " with an MRI series", of, " whose pixels are stored."))
}

#' @rdname volume
#' @export
volume.osteograph_generation <- function(x, ...) {
  row <- generation_row(x)
  if (is.null(row$mriSeries$volume)) {
    raise(row$state, row$error %||% sprintf("The generation is %s and has no volume; watch() waits for it.", row$state))
  }
  volume_of(x$server, row$mriSeries, row$exam)
}

#' MRI series of a cohort
#'
#' Of the exams that have one with pixels, one after the other: nothing but one is in memory unless `each` keeps it.
#'
#' @inheritParams frame
#' @inheritParams volume
#' @param sequence Words of the description; default: all series.
#' @param synthetic `FALSE` for imported series, `TRUE` for generated ones, `NA` for both.
#' @param each A function that is called with each series, as [volume()] gives it; default: keeps them all.
#' @return What `each` gave, a list.
#' @export
volumes <- function(cohort, sequence = NULL, synthetic = FALSE, each = identity, progress = NULL) {
  # Without a word on synthetic the API means imported series only.
  kind <- if (is.na(synthetic)) list(isNull = FALSE) else list(eq = synthetic)
  where <- both(cohort_filter(cohort), list(mriSeries = list(some = list(stored = TRUE, synthetic = kind))))
  asked <- list(where = where, synthetic = synthetic)
  each_image(cohort, volumes_query, asked, "volumes", each, progress, function(exam, give) {
    for (series in series_of(exam, sequence)) give(volume_of(cohort$server, series, exam))
  })
}

each_image <- function(cohort, query, asked, unit, each, progress, images_of) {
  shown <- bar(paste0(unit, " "), shown = progress %||% cohort$server$progress)
  on.exit(shown$done())
  gave <- list()
  each_row(cohort$server, query, asked, size = exams_per_page, each = function(exam) {
    images_of(exam, function(image) {
      gave[length(gave) + 1] <<- list(each(image))
      shown$to(length(gave))
    })
    # Whatever was made of the images, the loop over pages goes on.
    TRUE
  })
  gave
}

# A part of a filter without a condition would be refused.
both <- function(where, more) {
  if (length(where) > 0) list(and = list(where, more)) else more
}

has_film <- function(exam) {
  !is.null(exam$radiograph$image)
}

series_of <- function(exam, sequence) {
  Filter(function(series) {
    !is.null(series$volume) && (is.null(sequence) || grepl(tolower(sequence), tolower(series$sequence), fixed = TRUE))
  }, exam$mriSeries)
}

film_of <- function(server, exam) {
  film <- exam$radiograph
  picture <- png::readPNG(image_bytes(server, film$id, film$image$url), info = TRUE)
  depth <- attr(picture, "info")$bit.depth
  values <- matrix(as.integer(round(picture * (2^depth - 1))), nrow(picture))
  c(
    list(array = values, pixel_spacing = film$pixelSpacing, id = film$id), whose(exam),
    list(view = film$view, bilateral = film$bilateral, provenance = film$provenance)
  )
}

volume_of <- function(server, series, exam) {
  image <- read_nifti(image_bytes(server, series$id, series$volume$url))
  c(
    image[c("array", "affine", "spacing")], list(id = series$id), whose(exam),
    series[c("sequence", "synthetic", "provenance")], image["description"]
  )
}

whose <- function(exam) {
  list(exam_id = exam$id, oai_id = exam$participant$oaiId, visit = exam$visit$code, side = exam$side)
}

# The file of a film or series; its address lives for an hour or two, and the loop over a page may take longer.
image_bytes <- function(server, id, url) {
  tryCatch(fetch(server, url), osteograph_forbidden = function(expired) {
    file <- ask(server, address_query, list(id = id))$node$file
    if (is.null(file)) raise("NOT_FOUND", sprintf("The pixels of %s are stored no more.", id))
    fetch(server, file$url)
  })
}
