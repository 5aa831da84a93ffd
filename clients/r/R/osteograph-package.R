#' Cohorts of knees as data frames, their images as arrays, and live generations
#'
#' A client of an Osteograph server. [osteograph_connect()] says where it is, [cohort()] names knee exams, and [frame()] gives them as a
#' table; [survival_curves()] and [counts()] ask the server for numbers, [film()] and [volume()] for images, [generate_mri()] for a
#' synthetic volume that [watch()] and [follow()] follow. [os_query()] runs anything else that the API knows.
#' @examplesIf nzchar(Sys.getenv("OSTEOGRAPH_TOKEN"))
#' server <- osteograph_connect()
#' knees <- frame(cohort(server, where = list(visit = list(eq = "V00"), kl = list(gte = 2))), columns = c("sex", "age", "xrkl"))
#' @keywords internal
"_PACKAGE"
