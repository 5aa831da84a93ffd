pairs_of_one_person <- list(of = "SAME_PERSON", cases = list(kl = list(gte = 2)), controls = list(kl = list(lte = 1)))

test_that("a row is a knee exam, in the order of participant, visit and side", {
  knees <- frame(baseline_of(server_or_skip()), columns = "xrkl")

  expect_named(knees, c("exam_id", "oai_id", "visit", "side", "phantom", "xrkl", "xrkl_missing"))
  expect_s3_class(knees, "tbl_df")
  expect_gte(nrow(knees), 120)
  expect_false(is.unsorted(knees$oai_id))
  expect_equal(anyDuplicated(knees$exam_id), 0)
})

test_that("types are those of the data dictionary", {
  knees <- frame(baseline_of(server_or_skip()))

  expect_type(knees$oai_id, "character")
  expect_type(knees$age, "integer")
  expect_type(knees$bmi, "double")
  expect_type(knees$phantom, "logical")
  expect_s3_class(knees$death_date, "Date")
  expect_equal(levels(knees$sex), c("MALE", "FEMALE"))
  expect_false(is.ordered(knees$sex))
  expect_equal(levels(knees$visit)[1:2], c("V00", "V01"))
  expect_true(is.ordered(knees$visit))
})

test_that("a coded variable is a factor of its labels, and codes of missing values stand beside", {
  knees <- frame(baseline_of(server_or_skip()), columns = "sex", variables = c("V00INCOME", "KOOSYM"))
  codes <- dictionary(knees)$codes[[which(dictionary(knees)$name == "V00INCOME")]]

  expect_equal(levels(knees$V00INCOME), unname(codes[order(as.numeric(names(codes)))]))
  expect_gt(sum(!is.na(knees$V00INCOME)), 50)
  expect_type(knees$KOOSYM, "double")
  expect_true(all(is.na(knees$KOOSYM[!is.na(knees$KOOSYM_missing)])))
  expect_equal(levels(knees$KOOSYM_missing), c(".", paste0(".", LETTERS)))
})

test_that("without missing codes their columns are left out", {
  expect_false(any(grepl("_missing", names(frame(baseline_of(server_or_skip()), missing = FALSE)))))
})

test_that("long with visits has the same knees at these visits", {
  worn <- cohort(server_or_skip(), where = list(visit = list(eq = "V00"), kl = list(gte = 2)))
  at_once <- frame(worn, columns = "xrkl")
  long <- frame(worn, columns = "xrkl", visits = c("V00", "V06"))

  expect_setequal(paste(long$oai_id, long$side), paste(at_once$oai_id, at_once$side))
  expect_equal(sum(long$visit == "V00"), nrow(at_once))
  expect_gt(sum(long$visit == "V06"), 0)
})

test_that("wide has one row per knee with later visits beside it", {
  everything <- cohort(server_or_skip())
  long <- frame(everything, columns = "xrkl", visits = c("V00", "V06"))
  wide <- frame(everything, "wide", columns = "xrkl", visits = "V06")
  later <- long[long$visit == "V06", ]

  expect_equal(anyDuplicated(wide[c("oai_id", "side")]), 0)
  expect_type(wide$xrkl_v06, "integer")
  expect_equal(wide$xrkl_v06[match(paste(later$oai_id, later$side), paste(wide$oai_id, wide$side))], later$xrkl)
})

test_that("wide names every visit with films unless told", {
  names <- names(frame(baseline_of(server_or_skip()), "wide", columns = "xrkl", missing = FALSE))

  expect_equal(
    names[startsWith(names, "xrkl")],
    c("xrkl", "xrkl_v01", "xrkl_v03", "xrkl_v05", "xrkl_v06", "xrkl_v08", "xrkl_v10")
  )
})

test_that("a participant has one row with both knees", {
  baseline <- baseline_of(server_or_skip())
  knees <- frame(baseline, columns = c("xrkl", "sex"), variables = c("V00INCOME", "KOOSYM"))
  people <- frame(baseline, unit = "participant", columns = c("xrkl", "sex"), variables = c("V00INCOME", "KOOSYM"))
  left <- knees[knees$side == "LEFT", ]

  expect_equal(people$oai_id, unique(knees$oai_id))
  expect_named(people[1:4], c("oai_id", "visit", "phantom", "sex"))
  expect_true(all(c("xrkl_right", "xrkl_missing_left", "KOOSYM_left", "exam_id_right", "V00INCOME") %in% names(people)))
  expect_false("side" %in% names(people))
  expect_equal(people$xrkl_left[match(left$oai_id, people$oai_id)], left$xrkl)
  expect_equal(dictionary(people)$name, names(people))
})

test_that("a participant of whom one knee fits has the other missing", {
  right <- cohort(server_or_skip(), where = list(visit = list(eq = "V00"), side = list(eq = "RIGHT")))
  people <- frame(right, "wide", "participant", columns = "xrkl", visits = "V06")

  expect_true(all(is.na(people$xrkl_left)))
  expect_true(any(!is.na(people$xrkl_right)))
  expect_true(all(c("xrkl_v06_right", "xrkl_v06_left") %in% names(people)))
})

test_that("pairs are two rows or one", {
  baseline <- baseline_of(server_or_skip())
  long <- frame(baseline, unit = "pair", columns = "xrkl", pairs = pairs_of_one_person)
  wide <- frame(baseline, "wide", "pair", columns = "xrkl", pairs = pairs_of_one_person)

  expect_gt(nrow(wide), 0)
  expect_equal(nrow(long), 2 * nrow(wide))
  expect_true(all(wide$xrkl_case >= 2 & wide$xrkl_control <= 1))
  expect_equal(wide$oai_id_case, wide$oai_id_control)
  expect_equal(as.character(long$pair_role[1:2]), c("case", "control"))
})

test_that("pairs need to be described", {
  expect_error(frame(baseline_of(server_or_skip()), unit = "pair"), "needs pairs", class = "osteograph_bad_input")
})

test_that("changes are the difference of two visits", {
  wide <- frame(baseline_of(server_or_skip()), "wide", columns = "womac_pain", visits = "V06", changes = c("WOMKP", "V00", "V06"))

  expect_gt(sum(!is.na(wide$WOMKP_change_v00_v06)), 50)
  expect_equal(wide$WOMKP_change_v00_v06, wide$womac_pain_v06 - wide$womac_pain, tolerance = 1e-6)
})

test_that("an event adds time and status, as survival takes them", {
  skip_if_not_installed("survival")
  baseline <- baseline_of(server_or_skip())
  knees <- frame(baseline, columns = c("sex", "xrkl"), event = "KL_GE_2", competing = c("KNEE_REPLACEMENT", "DEATH"))
  timed <- knees[!is.na(knees$time), ]
  told <- survival_curves(baseline, "KL_GE_2", competing = c("KNEE_REPLACEMENT", "DEATH"), by = "SEX")

  expect_true(all(knees$left_out[which(knees$xrkl >= 2)] == "HAD_EVENT"))
  expect_type(knees$status, "integer")
  # In Kaplan-Meier's curve competing events censor.
  curves <- summary(survival::survfit(survival::Surv(time, status == 1) ~ sex, timed))
  women <- told$curves[told$curves$sex == "FEMALE" & told$curves$events > 0, ]
  expect_equal(women$estimate, curves$surv[curves$strata == "sex=FEMALE"])
  expect_equal(women$at_risk, curves$n.risk[curves$strata == "sex=FEMALE"])
})

test_that("a frame says what its columns mean, and of which exams it is", {
  knees <- frame(baseline_of(server_or_skip()), columns = c("bmi", "xrkl"))
  told <- dictionary(knees)

  expect_equal(told$name, names(knees))
  expect_equal(told$unit[told$name == "bmi"], "kg/m2")
  expect_equal(told$missing[told$name == "xrkl"], "xrkl_missing")
  expect_match(told$description[told$name == "xrkl"], "^Kellgren-Lawrence grade")
  expect_equal(attr(knees, "osteograph")$filter, list(visit = list(eq = "V00")))
})

test_that("a table that is no frame of a cohort has no dictionary", {
  expect_error(dictionary(data.frame(a = 1)), "has no dictionary", class = "osteograph_bad_input")
})

test_that("what is empty is not taken for what is not given", {
  baseline <- baseline_of(server_or_skip())
  key <- c("exam_id", "oai_id", "visit", "side", "phantom")

  expect_named(frame(baseline, columns = character()), key)
  expect_named(frame(baseline, columns = character(), split = list()), c(key, "split"))
  expect_error(frame(baseline, event = ""), class = "osteograph_bad_input")
})

test_that("what is wrong is said in the server's sentence", {
  baseline <- baseline_of(server_or_skip())

  error <- refusal_of_call(frame(baseline, columns = "grade"))
  expect_match(conditionMessage(error), "\"grade\" is neither a column nor a group of columns")
  expect_equal(list(error$code, error$status), list("BAD_USER_INPUT", 400L))
  expect_error(frame(baseline, variables = "KOOSYMM"), "KOOSYM", class = "osteograph_bad_input")
  expect_error(frame(baseline, "wide", visits = "V00"), "V00, which is not later than V00", class = "osteograph_bad_input")
  expect_error(frame(baseline, changes = "WOMKP"), "a variable and two visits", class = "osteograph_bad_input")
  misspelt <- cohort(server_or_skip(), where = list(kll = list(eq = 2)))
  expect_error(frame(misspelt), "Field \"kll\" is not defined", class = "osteograph_bad_input")
})

test_that("a filter that nothing fits gives an empty frame with its types", {
  nobody <- cohort(server_or_skip(), where = list(participant = list(oaiId = list(eq = "9999999"))))
  none <- frame(nobody, variables = "V00INCOME")

  expect_equal(nrow(none), 0)
  expect_type(none$xrkl, "integer")
  expect_s3_class(none$V00INCOME, "factor")
  expect_equal(nrow(frame(nobody, "wide", "participant", columns = "xrkl")), 0)
})

test_that("two codes of one label are told apart by the code, and a code without a label is its number", {
  labelled <- osteograph:::labelled(c(1, 3, 2, NA, 7), list("1" = "Yes", "3" = "Other", "2" = "Other"))

  expect_equal(levels(labelled), c("Yes", "Other (2)", "Other (3)", "7"))
  expect_equal(as.character(labelled), c("Yes", "Other (3)", "Other (2)", NA, "7"))
})
