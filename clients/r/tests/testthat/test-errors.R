viewer <- "{ viewer { role } }"

unset <- function(env = parent.frame()) {
  skip_if_not_installed("withr")
  withr::local_envvar(OSTEOGRAPH_URL = NA, OSTEOGRAPH_TOKEN = NA, .local_envir = env)
}

test_that("without a token nothing is asked", {
  unset()
  expect_error(osteograph_connect("http://127.0.0.1:4000"), "Give a token, or set OSTEOGRAPH_TOKEN", class = "osteograph_bad_input")
})

test_that("address and token come from the environment", {
  unset()
  withr::local_envvar(OSTEOGRAPH_URL = "http://127.0.0.1:4001/", OSTEOGRAPH_TOKEN = "osteo_any")
  server <- osteograph_connect()

  expect_output(print(server), "<Osteograph at http://127.0.0.1:4001>", fixed = TRUE)
  expect_equal(server$token(), "osteo_any")
})

test_that("the token in an address is used and never shown", {
  server <- osteograph_connect("http://127.0.0.1:4000/?token=osteo_secret")

  expect_equal(server$token(), "osteo_secret")
  expect_equal(server$url, "http://127.0.0.1:4000")
  expect_false(any(grepl("osteo_secret", utils::capture.output(print(server), utils::str(server), print(unclass(server))))))
})

test_that("what is no address is refused and not repeated", {
  for (url in c(
    "http://127.0.0.1:4000/?key=secret", "http://me:secret@127.0.0.1:4000", "http://127.0.0.1:4000/#secret", "127.0.0.1:4000",
    "http://127.0.0.1:secret"
  )) {
    error <- refusal_of_call(osteograph_connect(url, "osteo_any"))
    expect_equal(conditionMessage(error), "Give an address such as http://127.0.0.1:4000, with nothing behind it but ?token=...")
  }
})

test_that("the token goes to no other server", {
  other <- proxy_of(404)
  server <- osteograph_connect("http://127.0.0.1:9", "osteo_any", patience = 0)

  for (path in c(paste0(other$url, "/assets/1"), paste0("//", sub("http://", "", other$url), "/assets/1"), "assets/1", "")) {
    expect_error(download(server, path), "Only paths of the server are fetched", class = "osteograph_bad_input")
  }
  expect_equal(other$asked(), 0)
})

test_that("a redirection is not followed", {
  other <- proxy_of(200, "{\"data\":{\"viewer\":{\"role\":\"ADMIN\"}}}", list("content-type" = "application/json"))
  proxy <- proxy_of(307, headers = list(location = paste0(other$url, "/graphql")))

  expect_error(os_query(osteograph_connect(proxy$url, "osteo_any"), viewer), "The server answered with 307.", class = "osteograph_network")
  expect_equal(other$asked(), 0)
})

test_that("a wrong token is said at once", {
  error <- refusal_of_call(os_query(server_or_skip("osteo_wrong"), viewer))

  expect_s3_class(error, "osteograph_unauthenticated")
  expect_equal(list(error$code, error$status), list("UNAUTHENTICATED", 401L))
  expect_match(conditionMessage(error), "[.]$")
})

test_that("what a role may not do is said", {
  made <- os_query(server_or_skip(), "mutation { createToken(input: { name: \"counts\", role: SUMMARY }) { secret } }")
  counting <- server_or_skip(made$createToken$secret)

  expect_error(frame(baseline_of(counting)), class = "osteograph_forbidden")
  expect_gte(sum(counts(baseline_of(counting), "SIDE")$exams), 120)
  few <- cohort(counting, where = list(visit = list(eq = "V00"), side = list(eq = "LEFT"), kl = list(eq = 4)))
  expect_error(exam_count(few), "They are fewer than this token is told", class = "osteograph_forbidden")
})

test_that("a misspelt field is refused in the server's words", {
  error <- refusal_of_call(os_query(server_or_skip(), "{ viewer { rol } }"))

  expect_match(conditionMessage(error), "Cannot query field \"rol\" on type \"Viewer\"")
  expect_equal(error$code, "GRAPHQL_VALIDATION_FAILED")
  expect_s3_class(error, "osteograph_bad_input")
})

test_that("a server that is not there is no answer", {
  error <- refusal_of_call(os_query(osteograph_connect("http://127.0.0.1:9", "osteo_any", patience = 0), viewer))

  expect_equal(error$code, "NETWORK")
  expect_match(conditionMessage(error), "^The server does not answer[.]")
  expect_true(error$details$unsent)
})

test_that("a proxy that would answer so again is asked once", {
  for (case in list(
    list(404, "The server answered with 404."), list(301, "The server answered with 301."),
    list(200, "What answers at this address is no Osteograph server; check the address.")
  )) {
    proxy <- proxy_of(case[[1]])
    server <- osteograph_connect(proxy$url, "osteo_any")
    error <- refusal_of_call(os_query(server, viewer))
    expect_equal(list(conditionMessage(error), error$status, proxy$asked()), list(case[[2]], as.integer(case[[1]]), 1))
    # The stream of events, and the row that would stand for it.
    expect_error(follow(server, "generation", "any"), class = "osteograph_network")
    expect_lte(proxy$asked(), 4)
  }
})

test_that("a proxy whose server is away is asked again, a mutation is not", {
  proxy <- proxy_of(503)
  server <- osteograph_connect(proxy$url, "osteo_any", patience = 2)

  expect_error(os_query(server, viewer), class = "osteograph_network")
  asked <- proxy$asked()
  expect_gt(asked, 1)
  expect_error(os_query(server, "mutation { cancelGeneration(input: { id: \"any\" }) { generation { id } } }"), class = "osteograph_network")
  expect_equal(proxy$asked(), asked + 1)
})

test_that("a server that has no room is asked again when it says, unless that is too long", {
  refused <- "{\"errors\":[{\"message\":\"Too much.\",\"extensions\":{\"code\":\"RATE_LIMITED\"}}]}"
  headers <- function(seconds) list("retry-after" = seconds, "content-type" = "application/json")
  soon <- proxy_of(429, refused, headers("1"))
  late <- proxy_of(429, refused, headers("60"))

  expect_error(os_query(osteograph_connect(soon$url, "osteo_any", patience = 1.8), viewer), "Too much.", class = "osteograph_rate_limited")
  expect_equal(soon$asked(), 2)
  error <- refusal_of_call(os_query(osteograph_connect(late$url, "osteo_any", patience = 5), viewer))
  expect_equal(list(error$status, error$details$retryAfter, late$asked()), list(429L, 60, 1))
})

test_that("what costs more than a token may ever spend is not waited for", {
  for (case in list(list(900, TRUE), list(1000, TRUE), list(1001, FALSE))) {
    extensions <- list(code = "RATE_LIMITED", limit = 1000, window = 60, remaining = 0, cost = case[[1]], retryAfter = 60)
    refusal <- osteograph:::refusal_in(list(list(message = "Too much.", extensions = extensions)), 429L)
    expect_equal(osteograph:::passes(refusal, repeatable = TRUE), case[[2]])
  }
})

test_that("where a proxy holds the stream back, the row comes after one try", {
  held <- osteograph:::times$unproven
  on.exit(assign("unproven", held, osteograph:::times))
  assign("unproven", 0.5, osteograph:::times)
  skip_if_not_installed("webfakes")
  app <- webfakes::new_app()
  app$locals$streams <- 0
  app$get("/streams", function(req, res) res$send(as.character(req$app$locals$streams)))
  app$post("/graphql", function(req, res) {
    if (grepl("event-stream", req$get_header("accept"))) {
      req$app$locals$streams <- req$app$locals$streams + 1
      return(res$delay(30))
    }
    res$send_json(text = "{\"data\":{\"generation\":{\"__typename\":\"Generation\",\"state\":\"SUCCEEDED\",\"lastSeq\":4}}}")
  })
  # One thread keeps the stream silent while another answers.
  process <- webfakes::new_app_process(app, opts = webfakes::server_opts(num_threads = 4))
  on.exit(process$stop(), add = TRUE)

  rows <- follow(osteograph_connect(sub("/$", "", process$url()), "osteo_any"), "generation", "any")
  expect_equal(vapply(rows, function(row) row$state, ""), "SUCCEEDED")
  expect_equal(readLines(process$url("/streams"), warn = FALSE), "1")
})

test_that("values become JSON as GraphQL takes them", {
  expect_equal(
    osteograph:::json_text(list(a = NULL, b = NA, c = 1, d = list("x"), e = c(1.5, 2), f = TRUE, g = osteograph:::as_object(list()))),
    "{\"a\":null,\"b\":null,\"c\":1,\"d\":[\"x\"],\"e\":[1.5,2],\"f\":true,\"g\":{}}"
  )
})
