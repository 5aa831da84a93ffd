# Answers the same twenty questions as twenty-questions.py by base R and survival, and prints them as JSON.
#
#   Rscript twenty-questions.R FOLDER      # knees.csv, onset.csv, replacement.csv

library(survival)
setwd(commandArgs(trailingOnly = TRUE)[1])
sexes <- c("MALE", "FEMALE")
days <- c(731, 1461, 2922)

knees <- read.csv("knees.csv", colClasses = c(oai_id = "character"))
base <- subset(knees, visit == "V00")
over <- merge(base, subset(knees, visit == "V06"), by = c("oai_id", "side"), suffixes = c("", "_later"))
graded <- subset(over, !is.na(xrkl) & !is.na(xrkl_later))
share <- function(rows) mean(rows$xrkl >= 2, na.rm = TRUE)

onset <- subset(read.csv("onset.csv"), !is.na(time))
replacement <- subset(read.csv("replacement.csv"), !is.na(time))
free_of <- function(rows) summary(survfit(Surv(time, status == 1) ~ 1, rows), times = days, extend = TRUE)$surv
incidence <- function(rows, ends) {
  state <- factor(rows$status, 0:ends)
  summary(survfit(Surv(rows$time, state) ~ 1), times = days, extend = TRUE)$pstate[, 2]
}

kl_by_person <- split(base$xrkl, base$oai_id)
worn <- vapply(kl_by_person, function(kl) sum(kl >= 2, na.rm = TRUE), integer(1))
sound <- vapply(kl_by_person, function(kl) sum(kl <= 1, na.rm = TRUE), integer(1))
pain_change <- na.omit(over$koos_pain_later - over$koos_pain)

answers <- list(
  "prevalence by sex" = sapply(sexes, function(of) share(subset(base, sex == of))),
  "prevalence by age" = mapply(function(low, high) share(subset(base, age >= low & age < high)), c(45, 55, 65), c(55, 65, 80)),
  "knees by grade and sex" = c(t(table(factor(base$xrkl, 0:4), factor(base$sex, sexes)))),
  "knees of people with two worn knees" = 2 * sum(worn == 2),
  "transitions of KL" = c(t(table(factor(graded$xrkl, 0:4), factor(graded$xrkl_later, 0:4)))),
  "knees that progressed" = sum(graded$xrkl %in% 2:3 & graded$xrkl_later > graded$xrkl),
  "knees with new osteoarthritis" = sum(graded$xrkl <= 1 & graded$xrkl_later >= 2),
  "knees of unknown change" = nrow(base) - nrow(graded),
  "pain by grade" = c(tapply(base$womac_pain, base$xrkl, mean, na.rm = TRUE)),
  "quartiles of pain" = quantile(base$womac_pain, c(0.25, 0.5, 0.75), na.rm = TRUE),
  "histogram of BMI" = c(table(cut(base$bmi, seq(15, 45, 5), right = FALSE))),
  "change of KOOS pain" = c(length(pain_change), mean(pain_change), sd(pain_change)),
  "pain and BMI, Pearson" = cor(base$womac_pain, base$bmi, use = "complete.obs"),
  "pain and BMI, Spearman" = cor(base$womac_pain, base$bmi, use = "complete.obs", method = "spearman"),
  "free of osteoarthritis by sex" = unlist(lapply(sexes, function(of) free_of(subset(onset, sex == of)))),
  "osteoarthritis before replacement or death" = incidence(onset, 3),
  "replaced" = c(sum(replacement$status == 1), incidence(replacement, 2)),
  "pairs of discordant knees" = sum(worn == 1 & sound == 1),
  "medially narrower knees" = sum(over$xrjsm_later > over$xrjsm, na.rm = TRUE),
  "exams and people by visit" = unlist(lapply(split(knees, knees$visit), function(rows) c(nrow(rows), length(unique(rows$oai_id)))))
)
cat(jsonlite::toJSON(lapply(answers, unname), digits = I(17)))
