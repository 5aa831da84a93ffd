variables_query <- "
query Variables($search: String, $first: Int, $after: String) {
  page: variables(search: $search, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { name label kind unit owner field readings tables coverage { visit filled } }
  }
}"

#' What is known of participants, visits and knees, by name
#'
#' @inheritParams os_query
#' @param search Words that name, label or released column hold; default: all variables.
#' @return A row for each: `name`, `label`, `kind`, `unit`, `owner`, `field`, `readings` and `tables`, and how many values there are at each visit
#'   (`V00`, ...; `ever` where they belong to no visit).
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' variables(osteograph_connect(), "womac pain")
#' @export
variables <- function(server, search = NULL) {
  rows <- all_rows(server, variables_query, list(search = search))
  filled <- lapply(rows, function(row) {
    stats::setNames(field_of(row$coverage, "filled", integer(1)), vapply(row$coverage, function(one) one$visit %||% "ever", ""))
  })
  visits <- sort(unique(as.character(unlist(lapply(filled, names)))), method = "radix")
  words <- c("name", "label", "kind", "unit", "owner", "field")
  counts <- lapply(visits, function(visit) vapply(filled, function(of) sum(of[names(of) == visit]), integer(1)))
  tibble::as_tibble(c(
    sapply(words, function(word) field_of(rows, word), simplify = FALSE),
    list(readings = lapply(rows, function(row) unlist(row$readings)), tables = lapply(rows, function(row) unlist(row$tables))),
    stats::setNames(counts, visits)
  ))
}
