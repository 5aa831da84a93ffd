# Opens the same export as CSV and NDJSON with readr and jsonlite and prints what they see, as JSON.
#
#   Rscript read-exports.R FOLDER        # knees.csv, knees.ndjson, manifest.json (of the CSV)

folder <- commandArgs(trailingOnly = TRUE)[1]
manifest <- jsonlite::fromJSON(file.path(folder, "manifest.json"))
types <- paste(manifest$columns$readAs$readr, collapse = "")

csv <- readr::read_csv(file.path(folder, "knees.csv"), col_types = types, na = "")
ndjson <- jsonlite::stream_in(file(file.path(folder, "knees.ndjson")), verbose = FALSE)

cat(jsonlite::toJSON(
  list(
    types = lapply(csv, function(column) class(column)[1]),
    problems = nrow(readr::problems(csv)),
    csv = csv,
    meanBmi = mean(csv$bmi, na.rm = TRUE),
    knownKl = sum(!is.na(csv$xrkl)),
    ndjson = ndjson
  ),
  auto_unbox = TRUE, na = "null", digits = NA
))
