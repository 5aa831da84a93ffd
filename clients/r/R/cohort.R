cohort_by_id <- "query CohortById($id: ID!) { cohort(id: $id) { id name version } }"

cohort_by_name <- "
query CohortByName($name: String!) { cohorts(where: { name: { eq: $name } }, first: 2) { nodes { id name version } } }"

cohort_list <- "
query Cohorts($first: Int, $after: String) {
  page: cohorts(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id name description kind visibility version createdAt updatedAt }
  }
}"

exam_count_query <- "query Count($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }"

split_mutation <- "
mutation Split($input: SplitCohortInput!) { splitCohort(input: $input) { parts { name cohort { id name version } } } }"

#' Knee exams that are looked at together
#'
#' Those of a cohort, those that fit a filter, or those of a cohort that fit a filter too. Nothing is read before something of them is
#' asked for.
#'
#' @inheritParams os_query
#' @param name Name of a cohort that this token may read, or its id.
#' @param where A filter as the API takes it, such as `list(visit = list(eq = "V00"), kl = list(gte = 2))`.
#' @param version Of the cohort; default: the newest.
#' @param x,... For printing.
#' @return A cohort, for [frame()], [counts()], [exam_count()], [survival_curves()], [films()] and [volumes()]. Errors of class
#'   `osteograph_not_found`, and `osteograph_conflict` where several cohorts have the name.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' exam_count(cohort(server, where = list(visit = list(eq = "V00"))))
#' @export
cohort <- function(server, name = NULL, where = NULL, version = NULL) {
  where <- if (length(where) > 0) where
  if (is.null(name)) return(new_cohort(server, list(), where))
  found <- ask(server, cohort_by_name, list(name = name))$cohorts$nodes
  if (length(found) > 1) {
    raise("CONFLICT", sprintf("Several cohorts are called '%s'; give the id of one, as cohorts() lists them.", name))
  }
  row <- if (length(found) == 1) found[[1]] else ask(server, cohort_by_id, list(id = name))$cohort
  if (is.null(row)) {
    raise("NOT_FOUND", sprintf("There is no cohort '%s' that this token may read; cohorts() lists those it may.", name))
  }
  row$version <- version %||% row$version
  new_cohort(server, row, where)
}

#' The filter of a cohort
#'
#' @param cohort From [cohort()].
#' @return The exams as a filter of the API, a list; an empty one selects all exams there are.
#' @export
cohort_filter <- function(cohort) {
  if (is.null(cohort$id)) return(as_object(cohort$where))
  member <- list(inCohort = list(eq = cohort$id, version = cohort$version))
  if (is.null(cohort$where)) member else list(and = list(member, cohort$where))
}

#' How many exams there are
#'
#' @inheritParams cohort_filter
#' @return Exams, as the server counts them. An error of class `osteograph_forbidden` where the token's role is not told so small a count.
#' @export
exam_count <- function(cohort) {
  count <- ask(cohort$server, exam_count_query, list(where = cohort_filter(cohort)))$kneeExams$totalCount
  if (is.null(count)) raise("FORBIDDEN", "They are fewer than this token is told; a token of role ANALYST counts them.")
  count
}

#' The cohorts that this token's list has
#'
#' @inheritParams os_query
#' @return A row for each, the last changed first: `id`, `name`, `description`, `kind`, `visibility`, `version`, `created_at`, `updated_at`.
#' @export
cohorts <- function(server) {
  rows <- all_rows(server, cohort_list)
  words <- c("id", "name", "description", "kind", "visibility")
  told <- c(
    sapply(words, function(name) field_of(rows, name), simplify = FALSE),
    list(version = field_of(rows, "version", integer(1)), created_at = time_of(rows, "createdAt"), updated_at = time_of(rows, "updatedAt"))
  )
  tibble::as_tibble(told)
}

#' Make cohorts of parts of the participants
#'
#' Both knees and all visits of a participant are in one part. The same seed on the same exams gives the same parts.
#'
#' @param cohort A cohort that the server keeps; [create_cohort()] keeps one.
#' @param parts Shares by name, such as `c(train = 0.8, test = 0.2)`; default: train .7, val .15, test .15.
#' @param folds A number of equal parts in their place.
#' @param method `"KL"` or `"SITE"` (each part has its share of every grade or site), `"RANDOM"`, or `"LEAVE_ONE_SITE_OUT"` (a part for each
#'   site); default: `"KL"`.
#' @param seed A whole number.
#' @param visibility Who may read the parts: `"PRIVATE"`, `"LINK"` or `"READERS"`.
#' @return Cohorts by the names of the parts. An error of class `osteograph_bad_input` for what is no cohort that the server keeps, or a part
#'   that would have nobody.
#' @export
split_cohort <- function(cohort, parts = NULL, folds = NULL, method = NULL, seed = NULL, visibility = "PRIVATE") {
  if (is.null(cohort$id) || !is.null(cohort$where)) {
    refuse("Only a cohort that is kept is split into cohorts; create_cohort() keeps one.")
  }
  named <- if (!is.null(parts)) lapply(names(parts), function(name) list(name = name, fraction = parts[[name]]))
  asked <- without_nulls(list(
    id = cohort$id, version = cohort$version, visibility = visibility, parts = named, folds = folds, method = method, seed = seed
  ))
  made <- ask(cohort$server, split_mutation, list(input = asked))$splitCohort$parts
  stats::setNames(lapply(made, function(part) new_cohort(cohort$server, part$cohort, NULL)), field_of(made, "name"))
}

#' @rdname cohort
#' @export
print.osteograph_cohort <- function(x, ...) {
  of <- if (!is.null(x$name)) sprintf(" '%s', version %d", x$name, x$version)
  where <- if (!is.null(x$where)) paste(" where", json_text(x$where))
  cat("<Cohort", of, where, ">\n", sep = "")
  invisible(x)
}

new_cohort <- function(server, row, where) {
  structure(class = "osteograph_cohort", list(server = server, id = row$id, name = row$name, version = row$version, where = where))
}

# Times of the API, such as 2026-11-30T15:10:00.000Z.
time_of <- function(rows, name) {
  as.POSIXct(field_of(rows, name), format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC")
}
