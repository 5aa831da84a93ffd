survival_query <- "
query Survival(
  $where: KneeExamFilter, $origin: VisitCode!, $event: SurvivalEvent!
  $competing: [CompetingEvent!]!, $by: [KneeExamFacet!], $variables: [String!], $numbers: [BandedNumberInput!], $at: [Int!]
) {
  survival(
    where: $where, origin: $origin, event: $event, competing: $competing, by: $by, variables: $variables, numbers: $numbers, at: $at
  ) {
    examined
    leftOut { reason knees }
    groups {
      values { value meaning missing }
      knees participants events censored
      competing { event knees }
      kaplanMeier { ...point }
      cumulativeIncidence { event points { ...point } }
    }
    logRank { ...test }
    gray { ...test }
  }
}
fragment point on SurvivalPoint { day atRisk events estimate standardError lower upper }
fragment test on GroupTest {
  clustered { chiSquare degreesOfFreedom pValue }
  independent { chiSquare degreesOfFreedom pValue }
}"

#' Time to an event, as the server estimates it
#'
#' Time from the exam at `origin`: curves with 95 % intervals, numbers at risk, tests. Knees of a person count as depending on one another.
#' For models of your own, [frame()] with `event` gives the time of each knee.
#'
#' @inheritParams frame
#' @param event `"KL_GE_2"`, `"KL_PROGRESSION"`, `"JSN_PROGRESSION"`, `"KNEE_REPLACEMENT"` or `"DEATH"`.
#' @param competing What ends the risk of it: `"KNEE_REPLACEMENT"`, `"DEATH"`.
#' @param by Facets that tell groups apart, such as `"SEX"`.
#' @param variables Names of variables that tell groups apart too, told as [counts()] tells them.
#' @param numbers Numbers of knees that tell groups apart too, as [counts()] takes them.
#' @param origin The visit from which time counts.
#' @param at Days at which curves are told; default: at each step.
#' @return A list of
#'   * `examined`: knees that were examined at the origin and fit,
#'   * `groups`: a row per group: its facets, `knees`, `participants`, `events`, `censored`, and a count for each competing event,
#'   * `curves`: Kaplan-Meier by group and `day`: `at_risk`, `events`, `estimate`, `standard_error`, `lower`, `upper`; competing events count as
#'     censoring,
#'   * `incidence`: cumulative incidence by group, `event` and `day`; without rows unless something competes,
#'   * `left_out`: knees by the reason why they have no time,
#'   * `tests`: log-rank and Gray's test between groups: `chi_square`, `degrees_of_freedom`, `p_value`; those of `variance` `clustered` are those
#'     to quote.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' baseline <- cohort(osteograph_connect(), where = list(visit = list(eq = "V00")))
#' survival_curves(baseline, "KL_GE_2", competing = c("KNEE_REPLACEMENT", "DEATH"), by = "SEX")$groups
#' @export
survival_curves <- function(
  cohort, event, competing = NULL, by = NULL, variables = NULL, numbers = NULL, origin = "V00", at = NULL
) {
  asked <- list(
    where = cohort_filter(cohort), origin = origin, event = event, competing = as_many(competing) %||% list(), by = as_many(by) %||% list(),
    variables = as_many(variables), numbers = banded(numbers), at = as_many(at)
  )
  said <- ask(cohort$server, survival_query, asked)$survival
  labels <- labels_of(cohort$server, variables)
  facets <- c(tolower(by), variables, number_names(numbers))
  per_group <- function(rows) {
    bind(lapply(said$groups, function(group) with_facets(rows(group), values_of(group, facets, length(by), labels))))
  }
  counted <- c("knees", "participants", "events", "censored")
  list(
    examined = said$examined,
    groups = per_group(function(group) {
      ends <- stats::setNames(lapply(group$competing, function(one) one$knees), tolower(field_of(group$competing, "event")))
      tibble::as_tibble(c(group[counted], ends))
    }),
    curves = per_group(function(group) points_of(group$kaplanMeier)),
    incidence = per_group(function(group) {
      bind(c(
        list(tibble::add_column(points_of(list()), event = character(), .before = 1)),
        lapply(group$cumulativeIncidence, function(one) {
          tibble::add_column(points_of(one$points), event = rep(one$event, length(one$points)), .before = 1)
        })
      ))
    }),
    left_out = stats::setNames(field_of(said$leftOut, "knees", integer(1)), field_of(said$leftOut, "reason")),
    tests = bind(c(tests_of("log_rank", said$logRank), tests_of("gray", said$gray)))
  )
}

points_of <- function(points) {
  tibble::tibble(
    day = field_of(points, "day", integer(1)),
    at_risk = field_of(points, "atRisk", integer(1)),
    events = field_of(points, "events", integer(1)),
    estimate = field_of(points, "estimate", numeric(1)),
    standard_error = field_of(points, "standardError", numeric(1)),
    lower = field_of(points, "lower", numeric(1)),
    upper = field_of(points, "upper", numeric(1))
  )
}

# What tells a group apart, by name: facets as the API has them, variables as frames have them.
values_of <- function(group, facets, plain, labels) {
  values <- lapply(seq_along(facets), function(at) {
    value <- group$values[[at]]
    if (at <= plain) value$value %||% NA_character_ else told(value, labels[[facets[[at]]]])
  })
  stats::setNames(values, facets)
}

with_facets <- function(rows, values) {
  tibble::as_tibble(c(lapply(values, rep, nrow(rows)), as.list(rows)))
}

tests_of <- function(test, variances) {
  known <- without_nulls(variances %||% list())
  lapply(names(known), function(variance) {
    score <- known[[variance]]
    tibble::tibble(
      test = test, variance = variance, chi_square = as.numeric(score$chiSquare), degrees_of_freedom = score$degreesOfFreedom,
      p_value = as.numeric(score$pValue %||% NA)
    )
  })
}

# Rows of tables under one another.
bind <- function(tables) {
  if (length(tables) == 0) return(tibble::tibble())
  do.call(rbind, tables)
}
