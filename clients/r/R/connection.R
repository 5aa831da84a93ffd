# Of a proxy, or of a server behind it that is away; any other status without the API's words would come again.
passing_statuses <- c(408L, 425L, 429L, 502L, 503L, 504L)

# What libcurl says where nothing can have been sent.
unsent_words <- "resolve host|connect to (server|host|proxy|.* port)|Connection refused"

# Seconds for a connection, and for the next byte: a statement may take 30 s, and wait for its turn before.
connect_seconds <- 10
silent_seconds <- 120

# Runs a query or a mutation and gives its `data`. It may be sent again when nobody knows if it arrived if it is `repeatable`; default: a
# query may, a mutation may not.
ask <- function(server, query, variables = list(), repeatable = NULL) {
  repeatable <- repeatable %||% !grepl("(^|\n)[ \t]*mutation\\b", query)
  patiently(server, function() ask_once(server, query, variables), repeatable)
}

ask_once <- function(server, query, variables) {
  body <- json_text(list(query = query, variables = as_object(variables)))
  response <- answered(httr2::req_body_raw(request_to(server, "/graphql"), body, "application/json"))
  if (response$status >= 300) stop(refusal_of(response))
  answer <- json_of(response)
  if (!is.list(answer)) raise("NETWORK", no_api, response$status)
  if (length(answer$errors) > 0 || is.null(answer$data)) stop(refusal_in(answer$errors, response$status))
  answer$data
}

# The bytes behind a path of the server, by GET, or by POST where there is JSON to send. A body that breaks off is asked for again and
# never given in part. `on_bytes` is told how many have come, and of how many; of how many is 0 where that is not known.
fetch <- function(server, path, json = NULL, on_bytes = NULL) {
  if (!is.character(path) || length(path) != 1 || !grepl("^/([^/]|$)", path)) {
    refuse("Only paths of the server are fetched, such as the url of an image; they begin with one \"/\".")
  }
  request <- request_to(server, path)
  if (!is.null(json)) request <- httr2::req_body_raw(request, json_text(json), "application/json")
  if (!is.null(on_bytes)) {
    told <- function(down, up) {
      on_bytes(down[[2]], down[[1]])
      TRUE
    }
    request <- httr2::req_options(request, noprogress = FALSE, progressfunction = told)
  }
  patiently(server, repeatable = TRUE, once = function() {
    response <- answered(request)
    if (response$status >= 300) stop(refusal_of(response))
    response$body
  })
}

# Runs `once`, again and again with growing pauses while what it raises passes by itself, for the server's `patience`. httr2's own
# retries know neither that a mutation which may have arrived is not sent again, nor what costs more than a token may ever spend.
patiently <- function(server, once, repeatable) {
  began <- seconds_now()
  tries <- 0
  repeat {
    done <- tryCatch(list(value = once()), osteograph_error = identity)
    if (!inherits(done, "osteograph_error")) return(done$value)
    tries <- tries + 1
    pause <- max(min(0.5 * 2^(tries - 1), 5) + jitter(), retry_after(done))
    if (!passes(done, repeatable) || seconds_now() - began + pause > server$patience) stop(done)
    Sys.sleep(pause)
  }
}

# Whether the same request may well be answered a little later, and may be made again.
passes <- function(error, repeatable) {
  details <- error$details
  if (inherits(error, "osteograph_rate_limited")) {
    return(is.null(details$cost) || is.null(details$limit) || details$cost <= details$limit)
  }
  # With status 200 a part of the answer came, and a mutation may have been made.
  if (inherits(error, "osteograph_unavailable")) return(repeatable || !identical(error$status, 200L))
  if (!inherits(error, "osteograph_network")) return(FALSE)
  (is.null(error$status) || error$status %in% passing_statuses) && (repeatable || isTRUE(details$unsent))
}

# What an answer that is no success says: the API's own sentence, or a proxy's status.
refusal_of <- function(response) {
  answer <- json_of(response)
  errors <- if (is.list(answer)) answer$errors
  if (length(errors) > 0) {
    error <- refusal_in(errors, response$status)
    if (is.null(error$details$retryAfter) && grepl("^[0-9]+$", response$retry_after)) {
      error$details$retryAfter <- as.numeric(response$retry_after)
    }
    return(error)
  }
  if (response$status == 401) return(error_of("UNAUTHENTICATED", unknown_token, response$status))
  error_of("NETWORK", sprintf("The server answered with %d.", response$status), response$status)
}

request_to <- function(server, path) {
  request <- httr2::req_auth_bearer_token(httr2::request(paste0(server$url, path)), server$token())
  request <- httr2::req_user_agent(request, "osteograph for R")
  # A redirection would take the token to another server.
  request <- httr2::req_options(request,
    followlocation = FALSE, connecttimeout = connect_seconds, low_speed_limit = 1, low_speed_time = silent_seconds
  )
  # patiently() alone says what is tried again, and when: httr2 0.2 waits after its last try, too.
  request <- httr2::req_retry(request, max_tries = 1, is_transient = function(response) FALSE, backoff = function(tries) 0)
  httr2::req_error(request, is_error = function(response) FALSE)
}

# What came: status, body, and what Retry-After says. Every failure of the network is an error of the code NETWORK.
answered <- function(request) {
  response <- tryCatch(httr2::req_perform(request), error = function(cause) {
    said <- paste(conditionMessage(cause), if (inherits(cause$parent, "condition")) conditionMessage(cause$parent))
    raise("NETWORK", no_answer, details = list(unsent = grepl(unsent_words, said)))
  })
  list(
    status = httr2::resp_status(response),
    body = tryCatch(httr2::resp_body_raw(response), error = function(empty) raw()),
    retry_after = httr2::resp_header(response, "retry-after") %||% ""
  )
}

# The body as lists; NULL for what is no JSON.
json_of <- function(response) {
  tryCatch(from_json(as_text(response$body)), error = function(no_json) NULL)
}

as_text <- function(bytes) {
  text <- rawToChar(bytes)
  Encoding(text) <- "UTF-8"
  text
}

retry_after <- function(error) {
  seconds <- error$details$retryAfter
  if (is.numeric(seconds)) seconds else 0
}

# By a clock that nobody sets.
seconds_now <- function() {
  proc.time()[["elapsed"]]
}

# Up to half a second, so that clients which were sent away together do not come back together. It leaves the session's random numbers alone.
jitter <- function() {
  as.numeric(Sys.time()) %% 0.5
}
