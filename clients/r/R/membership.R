create_mutation <- "
mutation CreateCohort($input: CreateCohortInput!) {
  createCohort(input: $input) { cohort { id } unknownExams { row reason } }
}"

column_names <- list(
  oaiId = c("oai_id", "oaiid", "id", "participant", "participant_id"),
  side = c("side", "knee"),
  visit = c("visit", "visit_code", "timepoint")
)

# As OAI's tables and people write them; labels of codes begin with the code, as in "1: Right".
side_words <- c(
  "1" = "RIGHT", "2" = "LEFT", "3" = "BOTH", r = "RIGHT", l = "LEFT", right = "RIGHT", left = "LEFT", both = "BOTH"
)

# Rows that a warning names; it counts them all.
named_in_warning <- 10

#' Keep a cohort
#'
#' Of the exams that fit a filter, or of those that a table names. A row that names no exam is an error that counts and names such rows,
#' and nothing is kept.
#'
#' @inheritParams os_query
#' @param name Of the cohort.
#' @param where A filter; see [cohort()] and [cohort_filter()].
#' @param rows A data frame, or the path of a CSV file, with columns for participant, side and visit under any of their usual names
#'   (`oai_id`, `ID`; `side`, `SIDE`; `visit`, `VISIT`) and with OAI's codes or plain words in them. Without a column of sides, both knees
#'   are meant; in such a column BOTH or 3 means both, and a blank is refused.
#' @param leave_out_unknown Keeps the others where some rows name no exam, and warns of those.
#' @param description Of the cohort.
#' @param visibility Who may read it: `"PRIVATE"`, `"LINK"` or `"READERS"`; default: `"PRIVATE"`.
#' @param kind `"STATIC"`, or `"DYNAMIC"` for a cohort that follows the data.
#' @return The cohort.
#' @export
create_cohort <- function(
    server, name, where = NULL, rows = NULL, leave_out_unknown = FALSE, description = NULL, visibility = NULL, kind = NULL) {
  if (is.null(where) == is.null(rows)) refuse("A cohort is made of where or of rows; give one of the two.")
  if (leave_out_unknown && is.null(rows)) refuse("leave_out_unknown is for rows; a filter names no exam that may be unknown.")
  exams <- if (!is.null(rows)) named_rows(rows)
  input <- without_nulls(list(
    name = name, description = description, visibility = visibility, kind = kind, filter = where, exams = exams,
    unknownExams = if (!is.null(rows)) if (leave_out_unknown) "LEAVE_OUT" else "REFUSE"
  ))
  made <- ask(server, create_mutation, list(input = input))$createCohort
  warn_of(made$unknownExams, length(exams))
  cohort(server, made$cohort$id)
}

warn_of <- function(left_out, count) {
  if (length(left_out) == 0) return(invisible())
  told <- utils::head(left_out, named_in_warning)
  named <- paste(vapply(told, function(row) sprintf("Row %d: %s", row$row, row$reason), ""), collapse = " ")
  more <- if (length(left_out) > named_in_warning) " ..." else ""
  warning(
    sprintf("%d of %d rows left out that named no knee exam. %s%s", length(left_out), count, named, more),
    call. = FALSE
  )
}

# The rows of a table as the API takes them.
named_rows <- function(rows) {
  table <- if (is.character(rows)) read_words(rows) else as.data.frame(rows)
  found <- lapply(column_names, function(known) which(tolower(trimws(names(table))) %in% known))
  for (name in c("oaiId", "visit")) {
    if (length(found[[name]]) == 0) {
      refuse(
        "The table has no column ", paste(utils::head(column_names[[name]], 3), collapse = " or "), "; its columns are ",
        paste(names(table), collapse = ", ") , "."
      )
    }
  }
  cells <- lapply(found, function(at) if (length(at) > 0) words_of(table[[at[[1]]]]))
  lapply(seq_len(nrow(table)), function(row) {
    c(
      list(oaiId = cells$oaiId[[row]], visit = visit_of(cells$visit[[row]], row)),
      if (!is.null(cells$side)) side_of(cells$side[[row]], row)
    )
  })
}

read_words <- function(path) {
  readr::read_delim(path, delim = NULL, col_types = readr::cols(.default = "c"), progress = FALSE, show_col_types = FALSE)
}

# Cells as text; whole numbers without a decimal point, as they are where one of the column is missing.
words_of <- function(values) {
  words <- if (is.numeric(values)) format(values, trim = TRUE, scientific = FALSE, digits = 15) else as.character(values)
  words[is.na(values)] <- ""
  sub("\\.0$", "", trimws(words))
}

side_of <- function(word, row) {
  key <- tolower(word)
  side <- unname(side_words[key])
  if (is.na(side)) side <- unname(side_words[trimws(sub(":.*", "", key))])
  if (is.na(side)) {
    given <- if (nzchar(word)) sprintf("'%s'", word) else "a blank"
    refuse(sprintf("Row %d: %s is no side; RIGHT, R or 1, LEFT, L or 2, and BOTH or 3 are.", row, given))
  }
  if (side == "BOTH") list() else list(side = side)
}

visit_of <- function(word, row) {
  number <- if (grepl("^[Vv]?[0-9]{1,2}$", word)) as.integer(sub("^[Vv]", "", word)) else NA
  if (is.na(number) || number > 12) refuse(sprintf("Row %d: '%s' is no visit; V00 to V12 are.", row, word))
  sprintf("V%02d", number)
}
