# A progress bar that is gone when the work is over. `to(done, total, note)` sets it.
#
# shown: TRUE and FALSE are what they say; NULL shows it in an interactive session.
# bytes: whether they are what is counted.
bar <- function(label, total = NA, shown = NULL, bytes = FALSE) {
  if (!(shown %||% interactive())) return(list(to = function(...) invisible(), done = function() invisible()))
  # A bar that was asked for is drawn at once, and wherever the output goes.
  given <- if (isTRUE(shown)) options(cli.progress_show_after = 0, cli.dynamic = TRUE)
  counted <- if (bytes) "{cli::pb_current_bytes}" else "{cli::pb_current}/{cli::pb_total}"
  drawn <- list2env(list(count = 0))
  id <- cli::cli_progress_bar(label,
    total = total, clear = TRUE, auto_terminate = FALSE, extra = list(note = ""), .envir = drawn,
    format = paste("{cli::pb_name}{cli::pb_bar}", counted, "{cli::pb_extra$note}"), format_done = "{.emph {cli::pb_name}}"
  )
  list(
    to = function(done, total = NULL, note = "") {
      cli::cli_progress_update(set = done, total = total, extra = list(note = note), id = id, .envir = drawn, force = isTRUE(shown))
    },
    done = function() {
      cli::cli_progress_done(id = id, .envir = drawn)
      options(given)
    }
  )
}
