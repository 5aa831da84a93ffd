# A value of R as JSON: lists with names are objects, other lists and vectors of any length but one are arrays, NULL and NA are null.
json_text <- function(value) {
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE, null = "null", na = "null", digits = NA))
}

# JSON as lists, nothing made simpler: what is a list in one answer must not be a vector in the next.
from_json <- function(text) {
  jsonlite::fromJSON(text, simplifyVector = FALSE)
}

# What the API takes as a list stays one where it has a single element.
as_many <- function(values) {
  if (is.null(values)) NULL else unname(as.list(values))
}

# An object without a field, which an empty list would not be.
as_object <- function(value) {
  if (length(value) == 0) structure(list(), names = character()) else value
}

without_nulls <- function(values) {
  values[!vapply(values, is.null, logical(1))]
}

`%||%` <- function(value, otherwise) {
  if (is.null(value)) otherwise else value
}
