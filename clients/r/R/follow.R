# A way is given up after so many failures in a row without ever having worked; at the first where it is silent or refused.
give_up <- 2

# A fault of the server may pass or not: it is asked so often.
faults_suffered <- 5

# Seconds. An environment, so that a test need not wait for them.
times <- list2env(list(
  # The row is asked for so often where no stream of events gets through; of an export, which has no log, sooner at first.
  poll = 3,
  first_poll = 0.25,
  # After so long the stream of events is tried again: a server that was away is no network that blocks.
  better_again = 60,
  # The longest pause before another try.
  longest_pause = 5,
  # Signs of life come every 12 s. A proxy may hold everything back without a word: until a stream has ever worked, it is waited for less long.
  stream = 45,
  unproven = 15
))

#' Follow long work to its end
#'
#' Events of a generation, batch or evaluation, each once and in order, or the row of an export as it changes. A connection that is cut is taken
#' up after the last event; it is tried again after 0.5 s, 1 s, ... 5 s, as long as it takes. Where no stream of server-sent events gets through,
#' the row comes in their place whenever it has changed, and stands for every event up to its `lastSeq`. What would not change by asking again
#' ends it at once: `osteograph_not_found`, `osteograph_unauthenticated`, and the other [osteograph_error]s.
#'
#' @param x A server from [osteograph_connect()], or a generation from [generate_mri()] or [generation()].
#' @param kind `"generation"`, `"batch"`, `"evaluation"` or `"export"`.
#' @param id Its id.
#' @param after The last `seq` that is known already.
#' @param each A function that is called with each event, or row, as soon as it is there; one that returns `FALSE` ends the following. Ctrl-C does, too.
#' @param document A subscription of one's own, with the variables `$id` and `$after`, that asks for `seq`.
#' @param ... Not used.
#' @return All that came, a list; invisibly where there is `each`.
#' @examples
#' \dontrun{
#' follow(server, "batch", id, each = function(event) cat(event$seq, event$state, "\n"))
#' }
#' @export
follow <- function(x, ...) {
  UseMethod("follow")
}

#' @rdname follow
#' @export
follow.osteograph <- function(x, kind = c("generation", "batch", "evaluation", "export"), id, after = 0, each = NULL, document = NULL, ...) {
  kind <- match.arg(kind)
  follower <- follower_of(x, kind, id, after, document)
  on.exit(follower$close())
  came <- list()
  repeat {
    news <- follower$more()
    for (update in news$updates) {
      came[[length(came) + 1]] <- update
      if (!is.null(each) && isFALSE(each(update))) return(invisible(came))
    }
    if (news$over) break
  }
  if (is.null(each)) came else invisible(came)
}

# Follows; `more()` waits for what comes next and gives `updates`, and whether it is `over`.
follower_of <- function(server, kind, id, after, document) {
  log <- logs[[kind]]
  query <- document %||% log$events
  last <- after
  shown <- NULL
  failures <- 0
  proven <- FALSE
  polling_since <- NULL
  asked <- FALSE
  pause <- times$first_poll
  stream <- NULL

  drop_stream <- function() {
    if (!is.null(stream)) stream$close()
    stream <<- NULL
  }

  by_row <- function() {
    if (asked) {
      Sys.sleep(if (is.null(query)) pause else times$poll)
      if (is.null(query)) pause <<- min(pause * 1.5, times$poll)
    }
    asked <<- TRUE
    row <- row_of(server, kind, id)
    failures <<- 0
    news <- if (is.null(row$lastSeq)) !identical(row, shown) else row$lastSeq > last
    shown <<- row
    last <<- max(last, row$lastSeq)
    list(updates = if (news) list(row), over = !row$state %in% under_way)
  }

  by_stream <- function() {
    if (is.null(stream)) {
      stream <<- open_events(server, query, list(id = id, after = last), if (proven) times$stream else times$unproven)
    }
    news <- stream$read()
    fresh <- list()
    for (event in news$events) {
      failures <<- 0
      proven <<- TRUE
      if (event$seq > last) {
        last <<- event$seq
        fresh[[length(fresh) + 1]] <- event
      }
    }
    list(updates = fresh, over = news$over)
  }

  suffer <- function(fault) {
    drop_stream()
    failures <<- failures + 1
    given_up <- failures >= give_up || isTRUE(fault$details$silent) || !passes(fault, repeatable = TRUE)
    if (fault$code == "NETWORK" && given_up && !proven && is.null(polling_since) && !is.null(query)) {
      polling_since <<- seconds_now()
      asked <<- FALSE
      failures <<- 0
      return()
    }
    if (is_final(fault, failures)) stop(fault)
    Sys.sleep(min(0.25 * 2^failures, times$longest_pause))
  }

  more <- function() {
    if (!is.null(polling_since) && seconds_now() - polling_since > times$better_again) polling_since <<- NULL
    polling <- is.null(query) || !is.null(polling_since)
    news <- tryCatch(if (polling) by_row() else by_stream(), osteograph_error = identity)
    if (!inherits(news, "osteograph_error")) return(news)
    suffer(news)
    list(updates = list(), over = FALSE)
  }

  list(more = more, close = drop_stream)
}

is_final <- function(fault, failures) {
  if (fault$code == "INTERNAL_SERVER_ERROR") return(failures >= faults_suffered)
  !passes(fault, repeatable = TRUE)
}

row_of <- function(server, kind, id) {
  row <- ask(server, logs[[kind]]$row, list(id = id))[[1]]
  if (is.null(row)) raise("NOT_FOUND", sprintf("There is no %s with this id.", kind))
  row
}
