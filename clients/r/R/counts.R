facets_query <- "
query Counts($where: KneeExamFilter, $by: [KneeExamFacet!], $variables: [String!], $numbers: [BandedNumberInput!]) {
  kneeExamFacets(where: $where, by: $by, variables: $variables, numbers: $numbers) {
    values { value meaning missing }
    exams participants
  }
}"

#' Exams and people by one to four facets, counted by the server
#'
#' @inheritParams frame
#' @param ... Facets of the API: `"KL"`, the other grades, `"VISIT"`, `"SIDE"`, `"SEX"`, `"RACE"`, `"COHORT"`, `"SITE"`, `"AGE_BAND"`,
#'   `"BMI_BAND"`.
#' @param variables Names of variables that are facets too; coded values are told by their labels, as in a [frame()], missing ones by OAI's code.
#'   A token of role SUMMARY, which knows no dictionary, is told the code behind each label.
#' @param numbers Numbers of knees that are facets too, as the API takes them: by bands, `list(list(variable = "BMI", edges = c(25, 30)))`, or by
#'   value, `list(list(variable = "XRKL", change = list(from = "V00", to = "V06")))`, in a column `XRKL V00-V06`.
#' @return A row for each group that holds an exam: its facets by their names in small letters, `exams` and `participants`.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' counts(cohort(server, where = list(visit = list(eq = "V00"))), "KL", "SEX")
#' @export
counts <- function(cohort, ..., variables = NULL, numbers = NULL) {
  by <- c(...)
  asked <- list(where = cohort_filter(cohort), by = as_many(by), variables = as_many(variables), numbers = banded(numbers))
  buckets <- ask(cohort$server, facets_query, asked)$kneeExamFacets
  labels <- labels_of(cohort$server, variables)
  names <- c(tolower(by), variables, number_names(numbers))
  values <- lapply(seq_along(names), function(at) {
    words <- vapply(buckets, function(bucket) told(bucket$values[[at]], labels[[names[[at]]]]), "")
    # The API tells every value as text; grades are numbers.
    if (at > length(by) && at <= length(by) + length(variables)) words else numbers_or_words(words)
  })
  counted <- list(exams = field_of(buckets, "exams", integer(1)), participants = field_of(buckets, "participants", integer(1)))
  tibble::as_tibble(c(stats::setNames(values, names), counted))
}

# Numbers of knees as the API takes them: edges are a list, however few they are.
banded <- function(numbers) {
  if (is.null(numbers)) return(NULL)
  lapply(numbers, function(number) without_nulls(utils::modifyList(number, list(edges = as_many(number$edges)))))
}

# What the API calls them: "BMI", "XRKL V00-V06", "MCMJSW per year V00-V10".
number_names <- function(numbers) {
  vapply(numbers %||% list(), function(number) {
    over <- number$change %||% number$slope
    if (is.null(over)) return(number$variable)
    sprintf("%s %s%s-%s", number$variable, if (is.null(number$slope)) "" else "per year ", over$from, over$to)
  }, "")
}

# The label of each code of variables, by the names of the variables, from the dictionary that frames have: so a label is the same whichever codes
# a table holds. A variable of numbers or words has none. A token that may not export is told of no variable.
labels_of <- function(server, variables) {
  if (length(variables) == 0) return(list())
  request <- list(columns = list("exam_id"), variables = as_many(variables))
  known <- tryCatch(
    from_json(as_text(fetch(server, "/exports/dictionary", request)))$columns,
    osteograph_forbidden = function(error) list()
  )
  labels <- lapply(known, function(column) if (column$type == "real") told_apart(column$codes) else character())
  stats::setNames(labels, field_of(known, "name"))
}

# A value as frames have it: by the label of its code, by itself where it has none or is a word, or by the code of why it is missing. Of a variable
# that no dictionary tells of, without `labels`, a label stands with the code behind it, since another code may have the same one.
told <- function(value, labels) {
  code <- value$value
  if (!is.null(code) && code %in% names(labels)) return(labels[[code]])
  if (!is.null(labels)) return(code %||% value$missing %||% NA_character_)
  if (!is.null(code) && !is.null(value$meaning)) return(sprintf("%s (%s)", value$meaning, code))
  value$meaning %||% code %||% value$missing %||% NA_character_
}

numbers_or_words <- function(values) {
  numbers <- suppressWarnings(as.numeric(values))
  if (all(is.na(numbers)) || !identical(is.na(numbers), is.na(values))) return(values)
  if (all(numbers == round(numbers), na.rm = TRUE)) as.integer(numbers) else numbers
}
