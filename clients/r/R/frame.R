# Visits with films, in the order of time.
film_visits <- c("V00", "V01", "V03", "V05", "V06", "V08", "V10")

#' Exams as a table with typed columns
#'
#' Up to 20,000 exams come at once, more by an export in the background whose file is checked against its digest; nothing is half there.
#' [dictionary()] says what the columns mean.
#'
#' Whole numbers are `integer`, measures `double`, truth `logical`, words `character`, days `Date`. Words of a fixed set are factors: visits,
#' ordered by time, `sex` of MALE and FEMALE. A coded variable of the release is a factor of its labels, in the order of its codes. Missing
#' codes stand apart: `xrkl` is `NA`, and `xrkl_missing` says why (`.P`: prosthesis). `status` of an event stays a number, as
#' `survival::Surv(time, status == 1)` takes it.
#'
#' @param cohort From [cohort()].
#' @param shape `"long"` has a row for each visit. `"wide"` has the exam at `origin` with columns of later visits beside it, as `xrkl_v06`; of
#'   pairs, the case with the control beside it.
#' @param unit Of a row: `"knee"`; `"participant"`, with what is the knee's own twice, as `xrkl_right` and `xrkl_left`; or `"pair"`, which needs
#'   `pairs` and has two rows for each (`"long"`) or one (`"wide"`, `xrkl_case` and `xrkl_control`).
#' @param variables Names of variables, each with a column of its own, as [variables()] has them.
#' @param columns Columns or groups of columns of the export; default: all but the readings by project. Who, when and which knee are always
#'   there.
#' @param visits `"long"`: the same knees at these visits instead of the exams themselves. `"wide"`: the later visits; default: all that had
#'   films.
#' @param origin The visit that `"wide"` and `event` start from.
#' @param changes,slopes Numbers over time, as `c("WOMKP", "V00", "V06")`, or a list of several.
#' @param event,competing Adds `time` (days), `status` (0 censored, 1 the event, 2 and on the competing ones), `competing` and `left_out`; see
#'   [survival_curves()].
#' @param pairs As `kneePairs` of the API takes it, such as `list(of = "SAME_PERSON", cases = list(...), controls = list(...))`.
#' @param split Adds `split`, the part of each participant, such as `list(folds = 5, method = "SITE", seed = 1)`; see [split_cohort()].
#' @param missing Whether `<name>_missing` stands beside each value, with OAI's code of why there is none.
#' @param progress Whether a bar is drawn; default: that of the connection.
#' @return A tibble, in the order of participant, visit and side; `attr(, "osteograph")` has the filter, the cohorts with their versions and
#'   the data dictionary. An error of class `osteograph_bad_input` with the server's sentence for a name or a filter that is wrong.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' baseline <- cohort(server, where = list(visit = list(eq = "V00")))
#' knees <- frame(baseline, columns = c("sex", "xrkl"), event = "KL_GE_2", competing = "KNEE_REPLACEMENT")
#' table(knees$xrkl, knees$sex, useNA = "ifany")
#' @export
frame <- function(
    cohort, shape = c("long", "wide"), unit = c("knee", "participant", "pair"), variables = NULL, columns = NULL, visits = NULL,
    origin = "V00", changes = NULL, slopes = NULL, event = NULL, competing = NULL, pairs = NULL, split = NULL, missing = TRUE,
    progress = NULL) {
  shape <- match.arg(shape)
  unit <- match.arg(unit)
  if (unit == "pair" && is.null(pairs)) {
    refuse("unit = \"pair\" needs pairs, such as list(of = \"SAME_PERSON\", cases = list(...), controls = list(...)).")
  }
  request <- without_nulls(list(
    where = as_object(selection(cohort, shape, visits)),
    # The API takes an empty list for all columns; one that is always there stands for none.
    columns = if (!is.null(columns)) as_many(if (length(columns) > 0) columns else "exam_id"),
    variables = if (length(variables) > 0) as_many(variables),
    asOf = later_visits(shape, unit, origin, visits),
    numbers = c(numbers_over_time("change", changes), numbers_over_time("slope", slopes)),
    event = if (!is.null(event)) list(event = event, competing = as_many(competing) %||% list(), origin = origin),
    pairs = pairs,
    split = if (!is.null(split)) as_object(split)
  ))
  read <- fetch_table(cohort$server, request, progress %||% cohort$server$progress)
  rows <- sort_rows(typed_frame(read$table, read$manifest, missing))
  if (unit == "participant") return(by_participant(rows, shape))
  if (unit == "pair" && shape == "wide") by_pair(rows) else rows
}

#' Participants as a table with typed columns
#'
#' A row for each participant, examined or not, typed as [frame()] types its columns.
#'
#' @param server From [osteograph_connect()].
#' @param where As `participants` of the API takes it, such as `list(exams = list(exists = FALSE))`; default: everybody.
#' @param variables Names of variables; what is a visit's or a knee's is named with them: `"V00AGE"`, `"V00WOMKPR"`.
#' @param columns `"sex"`, `"site"` and the like; default: all that are a participant's.
#' @param missing Whether `<name>_missing` stands beside each value, with OAI's code of why there is none.
#' @param progress Whether a bar is drawn; default: that of the connection.
#' @return A tibble, in the order of the participants, with the data dictionary as [frame()] has it.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' people <- participants(osteograph_connect(), variables = "V00INCOME")
#' table(people$sex, people$V00INCOME, useNA = "ifany")
#' @export
participants <- function(server, where = NULL, variables = NULL, columns = NULL, missing = TRUE, progress = NULL) {
  request <- without_nulls(list(
    where = if (!is.null(where)) as_object(where),
    columns = if (!is.null(columns)) as_many(if (length(columns) > 0) columns else "oai_id"),
    variables = if (length(variables) > 0) as_many(variables)
  ))
  read <- fetch_table(server, request, progress %||% server$progress, unit = "PARTICIPANT")
  sort_rows(typed_frame(read$table, read$manifest, missing))
}

#' What the columns of a frame mean
#'
#' @param frame From [frame()].
#' @return A row for each column: `name`, `type`, `unit`, `range` (lowest and highest value), `codes` (meanings by value), `nullable`, `missing`
#'   (the column that says why a value is missing), `group`, `owner` and `description`.
#' @export
dictionary <- function(frame) {
  columns <- attr(frame, "osteograph")$columns
  if (is.null(columns)) refuse("This frame has no dictionary: no cohort gave it, or it lost its attributes on the way.")
  tibble::tibble(
    name = field_of(columns, "name"),
    type = field_of(columns, "type"),
    unit = field_of(columns, "unit"),
    range = lapply(columns, function(column) unlist(column$range)),
    codes = lapply(columns, function(column) unlist(column$codes)),
    nullable = field_of(columns, "nullable", logical(1)),
    missing = field_of(columns, "missing"),
    group = field_of(columns, "group"),
    owner = field_of(columns, "owner"),
    description = field_of(columns, "description")
  )
}

selection <- function(cohort, shape, visits) {
  where <- cohort_filter(cohort)
  if (shape == "wide" || is.null(visits)) return(where)
  c(if (length(where) > 0) list(sameKnee = list(some = where)), list(visit = list(`in` = as_many(visits))))
}

later_visits <- function(shape, unit, origin, visits) {
  if (shape == "long" || (unit == "pair" && is.null(visits))) return(NULL)
  list(origin = origin, visits = as_many(visits %||% film_visits[film_visits > origin]))
}

numbers_over_time <- function(kind, asked) {
  asked <- if (is.character(asked)) list(asked) else asked
  lapply(asked, function(one) {
    if (length(one) != 3) refuse("Numbers over time are of a variable and two visits, such as c(\"WOMKP\", \"V00\", \"V06\").")
    stats::setNames(list(one[[1]], list(from = one[[2]], to = one[[3]])), c("variable", kind))
  })
}
