default_url <- "http://127.0.0.1:4000"

#' Connect to a server
#'
#' Says where the server is and who asks; connects to nothing yet.
#'
#' A server that is away, or has no room for more, is waited for with growing pauses, as long as it says. What would not change by asking
#' again is an error at once; see [osteograph_error]. A mutation that may have arrived is not sent again. The token goes to no other
#' server.
#'
#' @param url Address of the server; default: `OSTEOGRAPH_URL`, else `http://127.0.0.1:4000`. It may carry a token, as the one that
#'   `npm start` prints does (`/?token=...`); the token is taken out of it.
#' @param token As `osteograph token create` prints it; default: that of the address, else `OSTEOGRAPH_TOKEN`.
#' @param progress Whether bars are drawn; default: where somebody looks, in an interactive session.
#' @param patience How long a server is waited for, s.
#' @return The API of one server, for one token. An error of class `osteograph_bad_input` without a token, and for what is no address.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' os_query(server, "{ viewer { role } }")
#' @export
osteograph_connect <- function(url = NULL, token = NULL, progress = NULL, patience = 120) {
  address <- parted(url %||% set_in_environment("OSTEOGRAPH_URL") %||% default_url)
  secret <- token %||% address$token %||% set_in_environment("OSTEOGRAPH_TOKEN")
  if (is.null(secret) || !nzchar(secret)) {
    refuse("Give a token, or set OSTEOGRAPH_TOKEN; `osteograph token create` prints one.")
  }
  # The token is behind a function, so that nothing that prints a list prints it.
  structure(
    class = "osteograph",
    list(url = address$url, token = function() secret, progress = progress, patience = patience)
  )
}

#' Run any query or mutation of the API
#'
#' @param server From [osteograph_connect()].
#' @param query GraphQL, as text.
#' @param variables Its variables, a named list. A vector of one element is a single value; `list("V00")` is a list of one.
#' @return The answer's `data`, as lists. An [osteograph_error] with the code and the sentence of the API's first error.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' query <- "query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }"
#' os_query(server, query, list(where = list(kl = list(gte = 2))))$kneeExams$totalCount
#' @export
os_query <- function(server, query, variables = list()) {
  ask(server, query, variables)
}

#' The bytes behind a path of the server
#'
#' @inheritParams os_query
#' @param path Such as the signed `url` of an image or a file.
#' @return A raw vector. An error of class `osteograph_bad_input` for what is no path of the server.
#' @export
download <- function(server, path) {
  fetch(server, path)
}

#' @export
print.osteograph <- function(x, ...) {
  cat(sprintf("<Osteograph at %s>\n", x$url))
  invisible(x)
}

set_in_environment <- function(name) {
  value <- Sys.getenv(name)
  if (nzchar(value)) value
}

# The address without a token, and the token that it carried.
parted <- function(url) {
  # The sentence does not repeat the address: it may hold a secret.
  refused <- function(...) refuse(sprintf("Give an address such as %s, with nothing behind it but ?token=...", default_url))
  if (!is.character(url) || length(url) != 1) refused()
  given <- tryCatch(httr2::url_parse(url), error = refused)
  port <- suppressWarnings(as.integer(given$port %||% "80"))
  if (
    !isTRUE(given$scheme %in% c("http", "https")) || !isTRUE(nzchar(given$hostname)) || is.na(port) ||
      !is.null(given$username) || !is.null(given$fragment) || length(setdiff(names(given$query), "token")) > 0
  ) {
    refused()
  }
  token <- given$query$token
  given$query <- NULL
  list(url = sub("/+$", "", httr2::url_build(given)), token = token)
}
