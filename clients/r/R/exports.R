export_mutations <- c(
  KNEE_EXAM = "
mutation Export($input: ExportCohortInput!) { asked: exportCohort(input: $input) { export { id } } }",
  PARTICIPANT = "
mutation Export($input: ExportParticipantsInput!) { asked: exportParticipants(input: $input) { export { id } } }"
)

cancel_export_mutation <- "
mutation CancelExport($id: ID!) { cancelExport(input: { id: $id }) { export { state } } }"

export_manifest_query <- "query Manifest($id: ID!) { export(id: $id) { manifest } }"

export_sentences <- c(
  FAILED = "The export has failed.",
  CANCELED = "The export was canceled.",
  EXPIRED = "The file of the export has expired; export it again."
)

# Rows of an export and what the server says of them: filter, cohorts with their versions, and the data dictionary. At once where the server
# streams them, by a job and a file where there are too many.
#
# request: what `POST /exports` and `exportCohort` take, without `format`.
# unit: what a row is; of participants `exportParticipants` takes the request.
fetch_table <- function(server, request, progress, unit = "KNEE_EXAM") {
  asked <- c(request, list(format = "CSV"))
  wanted <- c(asked, list(unit = unit))
  # CSV has no types and no dictionary: these come first, and say how the rows are read.
  manifest <- from_json(as_text(fetch(server, "/exports/dictionary", wanted)))
  shown <- bar("rows ", shown = progress, bytes = TRUE)
  data <- tryCatch(
    fetch(server, "/exports", wanted, on_bytes = function(done, total) shown$to(done)),
    osteograph_limit_exceeded = function(too_many) NULL,
    finally = shown$done()
  )
  if (!is.null(data)) return(list(table = read_table(data, manifest), manifest = manifest))
  by_job(server, export_mutations[[unit]], asked, progress)
}

# Text as readr reads it: the letters that the dictionary gives, a missing value empty.
read_table <- function(data, manifest) {
  letters <- vapply(manifest$columns, function(column) column$readAs$readr, "")
  letters[letters == "d"] <- "c"
  table <- readr::read_csv(data,
    col_types = paste(letters, collapse = ""), na = "", trim_ws = FALSE, name_repair = "minimal", progress = FALSE, lazy = FALSE
  )
  if (nrow(readr::problems(table)) > 0 || !identical(names(table), field_of(manifest$columns, "name"))) {
    raise("CONFLICT", "The columns have changed while they were read, as by an import; ask again.")
  }
  table
}

by_job <- function(server, mutation, request, progress) {
  id <- ask(server, mutation, list(input = request))$asked$export$id
  shown <- bar("export ", total = 1, shown = progress)
  # A job that nobody waits for any more holds one of the token's five places.
  waiting <- TRUE
  on.exit({
    shown$done()
    if (waiting) part(server, cancel_export_mutation, list(id = id))
  })
  rows <- follow(server, "export", id, each = function(row) {
    shown$to(row$fraction, note = row$waitingReason %||% paste(row$rows, "rows"))
  })
  row <- rows[[length(rows)]]
  waiting <- FALSE
  if (row$state != "SUCCEEDED") {
    sentence <- if (row$state %in% names(export_sentences)) export_sentences[[row$state]] else "The export has ended without a file."
    raise(row$state, row$error %||% sentence)
  }
  data <- fetch(server, row$file$url)
  if (!identical(paste(openssl::sha256(data), collapse = ""), row$file$sha256)) {
    raise("NETWORK", "The file of the export did not come as it was written; fetch it again.")
  }
  manifest <- ask(server, export_manifest_query, list(id = id))$export$manifest
  list(table = read_table(data, manifest), manifest = manifest)
}

# Asks once, for a few seconds, for somebody who leaves whatever the answer is.
part <- function(server, query, variables) {
  server$patience <- 0
  tryCatch(ask(server, query, variables), osteograph_error = function(error) NULL)
}
