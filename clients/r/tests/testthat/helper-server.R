# A real server with the tables of a synthetic release (sixty people at two visits, V00 and V06), a knee with a film and an MRI series, and a worker.
# `npm test -- test/clients/r` in the repository starts one and names it; without one, what needs it is skipped.
server_or_skip <- function(token = Sys.getenv("OSTEOGRAPH_TEST_TOKEN")) {
  url <- Sys.getenv("OSTEOGRAPH_TEST_URL")
  skip_if(!nzchar(url), "OSTEOGRAPH_TEST_URL names no server")
  osteograph_connect(url, token, progress = FALSE)
}

baseline_of <- function(server) {
  cohort(server, where = list(visit = list(eq = "V00")))
}

# A server of HTTP that is no Osteograph: it answers everything with one status and body, and counts.
proxy_of <- function(status, body = "<h1>A proxy.</h1>", headers = list(), env = parent.frame()) {
  skip_if_not_installed("webfakes")
  skip_if_not_installed("withr")
  app <- webfakes::new_app()
  app$locals$asked <- 0
  app$locals$answer <- list(status = status, body = body, headers = headers)
  app$get("/asked", function(req, res) res$send(as.character(req$app$locals$asked)))
  answer <- function(req, res) {
    req$app$locals$asked <- req$app$locals$asked + 1
    answer <- req$app$locals$answer
    res$set_status(answer$status)
    for (name in names(answer$headers)) res$set_header(name, answer$headers[[name]])
    if (is.null(answer$headers[["content-type"]])) res$set_type("text/html")
    res$send(answer$body)
  }
  app$post(webfakes::new_regexp(".*"), answer)
  process <- webfakes::new_app_process(app)
  withr::defer(process$stop(), env)
  list(
    url = sub("/$", "", process$url()),
    asked = function() as.numeric(readLines(process$url("/asked"), warn = FALSE))
  )
}

refusal_of_call <- function(call) {
  tryCatch({
    call
    NULL
  }, osteograph_error = identity)
}
