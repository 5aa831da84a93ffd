test_that("counts are those of the frame", {
  baseline <- baseline_of(server_or_skip())
  told <- counts(baseline, "KL", "SEX")
  knees <- frame(baseline, columns = c("xrkl", "sex"))

  expect_named(told, c("kl", "sex", "exams", "participants"))
  expect_type(told$kl, "integer")
  expect_equal(sum(told$exams), exam_count(baseline))
  for (kl in 0:3) {
    expect_equal(sum(told$exams[which(told$kl == kl & told$sex == "FEMALE")]), sum(knees$xrkl == kl & knees$sex == "FEMALE", na.rm = TRUE))
  }
})

test_that("counts by a coded variable are told by its labels", {
  baseline <- baseline_of(server_or_skip())
  told <- counts(baseline, variables = "V00INCOME")
  told <- told[!is.na(told$V00INCOME) & !startsWith(told$V00INCOME, "."), ]
  seen <- table(frame(baseline, variables = "V00INCOME")$V00INCOME)

  expect_equal(told$exams, as.integer(seen[told$V00INCOME]))
  expect_setequal(told$V00INCOME, names(seen)[seen > 0])
})

test_that("participants are a table of their own", {
  server <- server_or_skip()
  people <- participants(server, variables = c("V00INCOME", "V00AGE"))

  expect_equal(nrow(people), os_query(server, "{ participants { totalCount } }")$participants$totalCount)
  expect_s3_class(people$sex, "factor")
  expect_s3_class(people$V00INCOME, "factor")
  expect_named(participants(server, list(exams = list(exists = FALSE)), columns = character()), c("oai_id", "phantom"))
  expect_error(participants(server, columns = "xrkl"), "told of a knee exam", class = "osteograph_bad_input")
})

test_that("two codes of one label are told apart whichever of them a table holds", {
  value <- function(code, meaning, missing = NULL) list(value = code, meaning = meaning, missing = missing)
  labels <- osteograph:::told_apart(list("1" = "Yes", "2" = "Other", "3" = "Other"))

  expect_equal(osteograph:::told(value("1", "Yes"), labels), "Yes")
  expect_equal(osteograph:::told(value("2", "Other"), labels), "Other (2)")
  expect_equal(osteograph:::told(value("7", NULL), labels), "7")
  expect_equal(osteograph:::told(value(NULL, NULL, ".A"), labels), ".A")
  expect_equal(osteograph:::told(value("Y", "Accepted (Y)"), character()), "Y")
  expect_equal(osteograph:::told(value("1", "Yes"), NULL), "Yes (1)")
})

test_that("a token that may not export counts by variables all the same", {
  made <- os_query(server_or_skip(), "mutation { createToken(input: { name: \"labels\", role: SUMMARY }) { secret } }")
  told <- counts(cohort(server_or_skip(made$createToken$secret)), variables = "V00INCOME")

  expect_gt(sum(told$exams), 0)
})

test_that("variables are found by a word with label, unit and coverage", {
  found <- variables(server_or_skip(), "symptoms koos")

  expect_equal(found$owner[found$name == "koosSymptoms"], "KNEE_EXAM")
  expect_gt(found$V00[found$name == "koosSymptoms"], 100)
})

test_that("all variables come whatever the size of a page, and none for a word that no variable has", {
  server <- server_or_skip()

  expect_equal(nrow(variables(server)), os_query(server, "{ variables { totalCount } }")$variables$totalCount)
  expect_equal(nrow(variables(server, "nosuchword")), 0)
})

test_that("a cohort is kept and found by its name", {
  server <- server_or_skip()
  name <- paste("Worn at baseline", Sys.getpid())
  worn <- list(visit = list(eq = "V00"), kl = list(gte = 2))
  kept <- create_cohort(server, name, where = worn, description = "For the test.")
  found <- cohort(server, name)

  expect_equal(c(found$id, found$version), c(kept$id, 1))
  expect_true(all(frame(found, columns = "xrkl")$xrkl >= 2))
  expect_lt(exam_count(cohort(server, name, where = list(side = list(eq = "LEFT")))), exam_count(found))
  listed <- cohorts(server)
  expect_equal(listed$description[listed$id == kept$id], "For the test.")
  expect_s3_class(listed$created_at, "POSIXct")
  expect_output(print(found), paste0("<Cohort '", name, "', version 1>"), fixed = TRUE)
})

test_that("a name that two cohorts have is no name", {
  server <- server_or_skip()
  twice <- lapply(1:2, function(time) create_cohort(server, "Twins", where = list(visit = list(eq = "V00"))))

  expect_error(cohort(server, "Twins"), "Several cohorts are called 'Twins'; give the id of one", class = "osteograph_conflict")
  expect_equal(cohort(server, twice[[2]]$id)$name, "Twins")
})

test_that("a cohort that is not there is said", {
  expect_error(cohort(server_or_skip(), "Nobody"), "There is no cohort 'Nobody' that this token may read", class = "osteograph_not_found")
})

test_that("time to an event agrees with its columns", {
  baseline <- baseline_of(server_or_skip())
  competing <- c("KNEE_REPLACEMENT", "DEATH")
  told <- survival_curves(baseline, "KL_GE_2", competing = competing, by = "SEX")
  knees <- frame(baseline, columns = "sex", event = "KL_GE_2", competing = competing)
  timed <- knees[!is.na(knees$time), ]

  expect_equal(told$examined, sum(told$groups$knees) + sum(told$left_out))
  for (sex in stats::na.omit(told$groups$sex)) {
    group <- told$groups[which(told$groups$sex == sex), ]
    own <- timed[which(timed$sex == sex), ]
    expect_equal(c(group$knees, group$events, group$death), c(nrow(own), sum(own$status == 1), sum(own$status == 3)))
  }
  expect_true(all(c("KL_GE_2", "DEATH") %in% told$incidence$event))
  expect_equal(told$tests$degrees_of_freedom[told$tests$test == "gray" & told$tests$variance == "clustered"], 1)
  expect_gt(told$left_out[["HAD_EVENT"]], 0)
})

test_that("time to an event is told by variables too", {
  baseline <- baseline_of(server_or_skip())
  told <- survival_curves(baseline, "KL_GE_2", by = "SIDE", variables = "V00EDCV")
  knees <- frame(baseline, columns = "side", variables = "V00EDCV", event = "KL_GE_2")
  timed <- knees[!is.na(knees$time), ]

  expect_equal(names(told$groups)[1:2], c("side", "V00EDCV"))
  expect_equal(sum(told$groups$knees), nrow(timed))
  for (row in seq_len(nrow(told$groups))) {
    group <- told$groups[row, ]
    own <- timed[timed$side == group$side & as.character(timed$V00EDCV) %in% group$V00EDCV, ]
    expect_equal(c(group$knees, group$events), c(nrow(own), sum(own$status == 1)))
  }
  expect_equal(names(told$curves)[1:3], c("side", "V00EDCV", "day"))
})

test_that("numbers of knees tell groups apart by value and by bands", {
  baseline <- baseline_of(server_or_skip())
  numbers <- list(list(variable = "BMI", edges = 30), list(variable = "XRKL", change = list(from = "V00", to = "V06")))
  knees <- frame(baseline, columns = "bmi", changes = c("XRKL", "V00", "V06"), event = "KNEE_REPLACEMENT")
  obese <- !is.na(knees$bmi) & knees$bmi >= 30 & knees$XRKL_change_v00_v06 %in% 1

  counted <- counts(baseline, numbers = numbers)
  told <- survival_curves(baseline, "KNEE_REPLACEMENT", numbers = numbers)$groups

  expect_equal(names(counted), c("BMI", "XRKL V00-V06", "exams", "participants"))
  expect_equal(names(told)[1:3], c("BMI", "XRKL V00-V06", "knees"))
  expect_equal(sum(counted$exams[counted$BMI %in% "30 and above" & counted[["XRKL V00-V06"]] %in% 1]), sum(obese))
  group <- told$BMI %in% "30 and above" & told[["XRKL V00-V06"]] %in% "1"
  expect_equal(sum(told$knees[group]), sum(obese & !is.na(knees$time)))
})

test_that("without competing events there is no incidence, and without groups no test", {
  told <- survival_curves(baseline_of(server_or_skip()), "KL_GE_2", at = c(365, 731))

  expect_equal(nrow(told$incidence), 0)
  expect_equal(nrow(told$tests), 0)
  expect_equal(told$curves$day, c(365L, 731L))
})

test_that("a cohort is split by participant as its frame tells", {
  server <- server_or_skip()
  kept <- create_cohort(server, paste("To be split", Sys.getpid()), where = list(visit = list(eq = "V00"), participant = list(site = list(isNull = FALSE))))
  parts <- split_cohort(kept, folds = 3, method = "SITE", seed = 6)
  told <- frame(kept, columns = "site", split = list(folds = 3, method = "SITE", seed = 6))

  expect_named(parts, c("fold 1", "fold 2", "fold 3"))
  expect_equal(levels(told$split), names(parts))
  for (name in names(parts)) {
    expect_setequal(frame(parts[[name]], columns = "site")$exam_id, told$exam_id[told$split == name])
  }
  expect_named(split_cohort(kept, parts = c(train = 0.8, test = 0.2)), c("train", "test"))
})

test_that("a filter alone is not split into cohorts", {
  expect_error(split_cohort(baseline_of(server_or_skip()), folds = 2), "Only a cohort that is kept is split", class = "osteograph_bad_input")
})

test_that("a frame or a file names the exams of a cohort", {
  server <- server_or_skip()
  knees <- frame(baseline_of(server), columns = "xrkl")
  chosen <- knees[which(knees$xrkl >= 2), ]
  path <- tempfile(fileext = ".csv")
  writeLines(c("ID;visit;SIDE", "1000001;V00;1: Right", "1000002;0;L"), path)
  file <- frame(create_cohort(server, "By a file", rows = path, visibility = "LINK"), columns = "xrkl")

  expect_setequal(frame(create_cohort(server, "By a frame", rows = chosen), columns = "xrkl")$exam_id, chosen$exam_id)
  expect_equal(paste(file$oai_id, file$visit, file$side), c("1000001 V00 RIGHT", "1000002 V00 LEFT"))
  both <- create_cohort(server, "Both", rows = data.frame(ID = c(1000001, 1000002), visit = "V00"))
  expect_equal(exam_count(both), 4)
})

test_that("rows that name no exam are told, and nothing is kept", {
  server <- server_or_skip()
  rows <- data.frame(oai_id = c("1000001", "9999999"), visit = "V00")

  expect_error(create_cohort(server, "Unknown", rows = rows), "1 of 2 rows names no knee exam, and nothing was made", class = "osteograph_not_found")
  expect_error(cohort(server, "Unknown"), class = "osteograph_not_found")
  expect_warning(
    kept <- create_cohort(server, "The others", rows = rows, leave_out_unknown = TRUE),
    "1 of 2 rows left out that named no knee exam. Row 2: There is no participant 9999999.", fixed = TRUE
  )
  expect_equal(exam_count(kept), 2)
})

test_that("a table that names no exams says what is missing", {
  server <- osteograph_connect("http://127.0.0.1:9", "osteo_any", patience = 0)
  refused <- function(rows, sentence) expect_error(create_cohort(server, "Any", rows = rows), sentence, class = "osteograph_bad_input", fixed = TRUE)

  refused(data.frame(visit = "V00"), "The table has no column oai_id or oaiid or id; its columns are visit.")
  refused(data.frame(ID = 1, visit = "6-month"), "Row 1: '6-month' is no visit; V00 to V12 are.")
  refused(data.frame(ID = 1, visit = "V00", side = NA), "Row 1: a blank is no side")
  refused(data.frame(ID = 1, visit = "V00", side = "middle"), "Row 1: 'middle' is no side")
  expect_error(create_cohort(server, "Any"), "give one of the two", class = "osteograph_bad_input")
})
