no_answer <- "The server does not answer. It may be restarting; check the address and try again."
no_api <- "What answers at this address is no Osteograph server; check the address."
unknown_token <- "The server does not know this token, or it has expired."

#' Errors of the server
#'
#' Whatever the server refuses, or that it cannot be reached, is a condition of class `osteograph_error`. `conditionMessage()` is a
#' sentence for people; the fields are
#'
#' * `code`: the code of the API's first error, such as `NOT_FOUND`; `NETWORK` where no answer of the API came,
#' * `status`: HTTP status of the answer; `NULL` where none came,
#' * `details`: what else the API said, such as `retryAfter` in seconds.
#'
#' Each kind has a class of its own: `osteograph_unauthenticated` (the token is missing, wrong, expired or revoked),
#' `osteograph_forbidden` (the token's role may not do this), `osteograph_bad_input`, `osteograph_not_found`, `osteograph_conflict`,
#' `osteograph_limit_exceeded`, `osteograph_rate_limited`, `osteograph_unavailable`, `osteograph_network`, and `osteograph_failed` for
#' long work that ended without a result.
#'
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' tryCatch(cohort(server, "Nobody"), osteograph_not_found = function(error) conditionMessage(error))
#' @name osteograph_error
NULL

error_classes <- c(
  UNAUTHENTICATED = "unauthenticated",
  FORBIDDEN = "forbidden",
  BAD_USER_INPUT = "bad_input",
  GRAPHQL_PARSE_FAILED = "bad_input",
  GRAPHQL_VALIDATION_FAILED = "bad_input",
  BUNDLE_REFUSED = "bad_input",
  FILE_REFUSED = "bad_input",
  NOT_FOUND = "not_found",
  CONFLICT = "conflict",
  LIMIT_EXCEEDED = "limit_exceeded",
  RATE_LIMITED = "rate_limited",
  UNAVAILABLE = "unavailable",
  NETWORK = "network",
  FAILED = "failed",
  CANCELED = "failed",
  EXPIRED = "failed",
  # Of what has no result, or not yet.
  QUEUED = "failed",
  RUNNING = "failed",
  SUCCEEDED = "failed"
)

# The condition of a code of the API.
error_of <- function(code, message, status = NULL, details = list()) {
  kind <- if (code %in% names(error_classes)) paste0("osteograph_", error_classes[[code]])
  structure(
    class = c(kind, "osteograph_error", "error", "condition"),
    list(message = message, call = NULL, code = code, status = status, details = details)
  )
}

raise <- function(code, message, status = NULL, details = list()) {
  stop(error_of(code, message, status, details))
}

refuse <- function(...) {
  raise("BAD_USER_INPUT", paste0(...))
}

# The first of the errors of an answer; what else is in its extensions becomes `details`.
refusal_in <- function(errors, status = NULL) {
  first <- if (length(errors) > 0) errors[[1]] else list()
  details <- as.list(first$extensions)
  code <- details$code
  details$code <- NULL
  message <- first$message
  error_of(
    if (is.character(code)) code else "INTERNAL_SERVER_ERROR",
    if (is.character(message) && nzchar(message)) message else "The server refuses without a reason.",
    status, details
  )
}
