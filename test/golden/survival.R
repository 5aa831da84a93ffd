# Writes survival.json: what R's survival and cmprsk say, for src/metrics/statistics/survival. Run: Rscript test/golden/survival.R
# Debian: r-cran-survival, r-cran-cmprsk, r-cran-jsonlite.
library(survival)
library(cmprsk)
library(jsonlite)

set.seed(20261129)

# Knees of people: both share what makes them fail. `step` is the distance between visits: 1 gives days, 12 many ties.
knees <- function(people, step, groups, censored) {
  person <- rep(seq_len(people), each = 2)
  frailty <- rep(rgamma(people, 2, 2), each = 2)
  group <- rep(sample(groups, people, replace = TRUE), each = 2) - 1
  event <- rexp(2 * people, 0.012 * frailty * (1 + 0.6 * group))
  other <- rexp(2 * people, 0.006 * frailty)
  end <- rep(runif(people, 10, censored), each = 2)
  time <- ceiling(pmin(event, other, end) / step) * step
  status <- ifelse(end <= pmin(event, other), 0, ifelse(event <= other, 1, 2))
  keep <- runif(2 * people) > 0.15
  data.frame(time, status, person, group)[keep, ]
}

z <- qnorm(0.975)

# A curve at the times of its events. survfit of several states leaves clusters out of its own standard errors, so those are made of its
# residuals (the infinitesimal jackknife), summed over each cluster.
curve <- function(fit, state, kind, data) {
  times <- sort(unique(data$time[data$status == kind]))
  s <- summary(fit, times = times, extend = TRUE)
  if (is.null(state)) {
    share <- s$surv
    error <- s$std.err
    lower <- s$lower
    upper <- s$upper
  } else {
    share <- s$pstate[, state]
    influence <- residuals(fit, times = times, type = "pstate")
    # Knee by time by state; with a single time R drops that.
    dim(influence) <- c(nrow(data), length(times), 3)
    influence <- matrix(influence[, , state], nrow(data))
    error <- sqrt(colSums(rowsum(influence, data$person)^2))
    half <- z * error / (share * log(share))
    lower <- pmin(share^exp(half), share^exp(-half))
    upper <- pmax(share^exp(half), share^exp(-half))
  }
  inside <- function(x) ifelse(share > 1e-12 & share < 1 - 1e-12, x, NA)
  data.frame(
    time = times,
    atRisk = sapply(times, function(t) sum(data$time >= t)),
    events = sapply(times, function(t) sum(data$time == t & data$status == kind)),
    estimate = share, standardError = inside(error), lower = inside(lower), upper = inside(upper)
  )
}

# The data of Fine and Gray's model, with the chance of not being censored estimated in each group. survival's finegray can do that for a
# model with strata only: it leaves out the times at which nothing happens in a group.
fine_gray <- function(data) {
  at <- sort(unique(data$time[data$status == 1]))
  do.call(rbind, lapply(split(data, data$group), function(own) {
    times <- sort(unique(own$time))
    left <- sapply(times, function(t) {
      staying <- sum(own$time >= t) - sum(own$time == t & own$status != 0)
      if (staying == 0) 1 else 1 - sum(own$time == t & own$status == 0) / staying
    })
    chance <- function(t) prod(left[times < t])
    do.call(rbind, lapply(seq_len(nrow(own)), function(i) {
      one <- own[i, ]
      row <- function(from, to, event, weight) data.frame(from, to, event, weight, g = one$g, person = one$person)
      later <- at[at > one$time]
      rest <- if (one$status == 2 && length(later) > 0) {
        Map(function(from, to) row(from, to, 0, chance(to) / chance(one$time)), c(one$time, head(later, -1)), later)
      }
      rows <- do.call(rbind, c(list(row(0, one$time, as.numeric(one$status == 1), 1)), rest))
      rows[rows$weight > 0, ]
    }))
  }))
}

case <- function(name, data) {
  groups <- length(unique(data$group))
  # residuals() looks for the data where the formula was written.
  d <<- data
  d$knee <<- seq_len(nrow(d))
  d$state <<- factor(d$status, 0:2, c("censored", "event", "other"))
  km <- survfit(Surv(time, status == 1) ~ 1, d, cluster = person, robust = TRUE, conf.type = "log-log")
  aj <- survfit(Surv(time, state) ~ 1, d, id = knee)
  result <- list(name = name, followUps = data, groups = groups,
    kaplanMeier = curve(km, NULL, 1, d),
    incidence = curve(aj, 2, 1, d), competing = curve(aj, 3, 2, d))
  if (groups > 1) {
    d$g <<- relevel(factor(d$group), as.character(groups - 1))
    # The last group is the one that the others are compared with.
    rank <- survdiff(Surv(time, status == 1) ~ g, d)
    cox <- coxph(Surv(time, status == 1) ~ g, d, ties = "breslow", cluster = person)
    gray <- cuminc(d$time, d$status, d$group)$Tests["1", ]
    fine <- coxph(Surv(from, to, event) ~ g, fine_gray(d), weights = weight, ties = "breslow", cluster = person)
    result$logRank <- list(independent = rank$chisq, clustered = c(cox$rscore))
    result$gray <- list(independent = gray[["stat"]], pValue = gray[["pv"]], clustered = c(fine$rscore))
  }
  result
}

chi <- expand.grid(value = c(0.01, 0.5, 3.84, 12, 60), degreesOfFreedom = c(1, 2, 3, 4, 7, 10))
chi$pValue <- pchisq(chi$value, chi$degreesOfFreedom, lower.tail = FALSE)

few <- data.frame(time = c(3, 5, 5, 8, 9, 12), status = c(1, 0, 2, 1, 2, 1), person = c(1, 1, 2, 2, 3, 4), group = 0)
golden <- list(
  cases = list(
    case("days, two groups", knees(60, 1, 2, 150)),
    case("yearly visits, three groups", knees(90, 12, 3, 120)),
    case("days, five groups", knees(150, 1, 5, 150)),
    case("a few knees, the last of which has the event", few)
  ),
  chiSquare = chi
)
write_json(golden, "test/golden/survival.json", digits = NA, auto_unbox = TRUE, na = "null", dataframe = "rows")
