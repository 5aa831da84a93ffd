# How long the stream is left to itself between two looks, s: events are seen so late at most.
look_seconds <- 0.1

# One connection of server-sent events. `read()` waits until something has come and gives `events`, and whether the server has said that there are
# `over`; an error of code NETWORK where it ends, or is silent, before that. httr2 has no reader that waits for events in the versions that
# distributions carry, so libcurl is asked, through curl.
open_events <- function(server, query, variables, silence) {
  handle <- curl::new_handle(
    url = paste0(server$url, "/graphql"), post = TRUE, followlocation = FALSE, connecttimeout = connect_seconds,
    postfields = json_text(list(query = query, variables = variables))
  )
  curl::handle_setheaders(handle,
    Authorization = paste("Bearer", server$token()), Accept = "text/event-stream", `Content-Type` = "application/json"
  )
  pool <- curl::new_pool()
  state <- list2env(list(bytes = raw(), heard = seconds_now(), response = NULL, failed = FALSE, failure = NULL))
  curl::multi_add(handle,
    pool = pool,
    data = function(bytes, final = FALSE) {
      state$bytes <- c(state$bytes, bytes)
      state$heard <- seconds_now()
    },
    done = function(response) state$response <- response,
    fail = function(message) state$failed <- TRUE
  )
  ended <- function() state$failed || !is.null(state$response)

  read <- function() {
    repeat {
      if (!is.null(state$failure)) stop(state$failure)
      if (!ended()) curl::multi_run(timeout = look_seconds, poll = TRUE, pool = pool)
      if (!is.null(state$response) && state$response$status_code >= 300) stop(refusal_of(plain(state)))
      split <- split_messages(state$bytes)
      state$bytes <- split$rest
      news <- events_in(split$messages, state$response$status_code %||% 200L)
      # What came before a fault is handed over first.
      state$failure <- news$failure
      if (length(news$events) > 0 || news$over) return(news)
      if (!is.null(state$failure)) next
      if (ended()) raise("NETWORK", no_answer)
      if (seconds_now() - state$heard > silence) raise("NETWORK", no_answer, details = list(silent = TRUE))
    }
  }

  list(read = read, close = function() if (!ended()) curl::multi_cancel(handle))
}

# An answer that is no stream, as the other requests have it.
plain <- function(state) {
  headers <- curl::parse_headers_list(state$response$headers)
  list(status = state$response$status_code, body = state$bytes, retry_after = headers[["retry-after"]] %||% "")
}

# Whole messages of a stream, which an empty line ends, and the bytes after them.
split_messages <- function(bytes) {
  ends <- grepRaw("\r?\n\r?\n", bytes, all = TRUE)
  if (length(ends) == 0) return(list(messages = character(), rest = bytes))
  last <- grepRaw("\r?\n\r?\n", bytes, offset = ends[[length(ends)]], value = TRUE)
  end <- ends[[length(ends)]] + length(last) - 1
  text <- as_text(bytes[seq_len(end)])
  messages <- strsplit(gsub("\r\n", "\n", text, fixed = TRUE), "\n\n+")[[1]]
  list(messages = messages, rest = bytes[-seq_len(end)])
}

# What messages say. Comments, which are signs of life, say nothing.
events_in <- function(messages, status) {
  events <- list()
  for (message in messages) {
    lines <- strsplit(message, "\n", fixed = TRUE)[[1]]
    if ("event: complete" %in% lines) return(list(events = events, over = TRUE))
    data <- sub("^data: ?", "", lines[startsWith(lines, "data:")])
    if (!any(nzchar(data))) next
    answer <- tryCatch(from_json(paste(data, collapse = "\n")), error = function(no_json) NULL)
    if (is.null(answer)) return(list(events = events, over = FALSE, failure = error_of("NETWORK", no_api, status)))
    if (length(answer$errors) > 0) return(list(events = events, over = FALSE, failure = refusal_in(answer$errors, status)))
    events <- c(events, unname(without_nulls(as.list(answer$data))))
  }
  list(events = events, over = FALSE)
}
