# The table with the types of its data dictionary.
typed_frame <- function(table, manifest, missing) {
  companions <- unlist(lapply(manifest$columns, function(column) column$missing))
  columns <- if (missing) manifest$columns else Filter(function(column) !column$name %in% companions, manifest$columns)
  typed <- lapply(columns, function(column) typed_column(table[[column$name]], column, manifest, companions))
  described(stats::setNames(typed, field_of(columns, "name")), manifest, columns)
}

typed_column <- function(values, column, manifest, companions) {
  codes <- column$codes
  if (column$type == "real") {
    # Read as text, since readr's own numbers may be off by the last bit.
    values <- as.numeric(values)
    return(if (length(codes) > 0) labelled(values, codes) else values)
  }
  if (column$type == "text" && (length(codes) > 0 || column$name %in% companions)) {
    return(words(values, names(if (length(codes) > 0) codes else manifest$missingCodes)))
  }
  values
}

# Visits are ordered by time. A word that no dictionary has is kept, after the others.
words <- function(values, known) {
  seen <- sort(setdiff(values[!is.na(values)], known), method = "radix")
  factor(values, levels = c(known, seen), ordered = "V00" %in% known)
}

# Codes as their labels, in the order of the codes; two codes of one label are told apart by the code. A code that no dictionary has is kept
# as its number.
labelled <- function(values, codes) {
  numbers <- as.numeric(names(codes))
  labels <- told_apart(codes)
  others <- sort(unique(values[!is.na(values) & !values %in% numbers]))
  order <- order(numbers)
  factor(values, levels = c(numbers[order], others), labels = c(labels[order], format(others, trim = TRUE, digits = 15)))
}

# The label of each code, with the code behind it where another code has the same one.
told_apart <- function(codes) {
  labels <- vapply(codes, as.character, "")
  twice <- labels %in% labels[duplicated(labels)]
  labels[twice] <- sprintf("%s (%s)", labels[twice], names(codes)[twice])
  labels
}

# By pair, then by participant, visit, and right knee before left: the same order whenever the same is asked.
sort_rows <- function(frame) {
  keys <- intersect(c("pair", "pair_role", "oai_id", "visit", "side"), names(frame))
  # Text by its bytes, whatever the session's language is.
  reordered(frame, do.call(order, c(unname(as.list(frame[keys])), method = "radix")))
}

# One row per participant (wide) or participant at a visit (long): what is the knee's own stands twice, as `_right` and `_left`.
by_participant <- function(frame, shape) {
  keys <- if (shape == "wide") "oai_id" else c("oai_id", "visit")
  owned <- Filter(function(column) column$owner %in% c("PARTICIPANT", "VISIT"), attr(frame, "osteograph")$columns)
  beside(frame, keys, "side", c(RIGHT = "_right", LEFT = "_left"), field_of(owned, "name"))
}

# One row per pair: `pair` and `pair_distance` once, everything else twice, as `_case` and `_control`.
by_pair <- function(frame) {
  beside(frame, "pair", "pair_role", c(case = "_case", control = "_control"), c("pair", "pair_distance"))
}

# Rows that have `keys` in common beside one another; columns that are `shared` once, `by` not at all.
beside <- function(frame, keys, by, suffixes, shared) {
  manifest <- attr(frame, "osteograph")
  columns <- Filter(function(column) column$name != by, manifest$columns)
  is_shared <- field_of(columns, "name") %in% shared
  once <- columns[is_shared]
  twice <- columns[!is_shared]
  key <- do.call(paste, unname(as.list(frame[keys])))
  joined <- as.list(frame[!duplicated(key), field_of(once, "name")])
  for (value in names(suffixes)) {
    own <- which(frame[[by]] == value)
    own <- own[match(unique(key), key[own])]
    cells <- lapply(twice, function(column) frame[[column$name]][own])
    joined <- c(joined, stats::setNames(cells, paste0(field_of(twice, "name"), suffixes[[value]])))
  }
  told <- c(once, unlist(lapply(unname(suffixes), function(suffix) lapply(twice, renamed, suffix)), recursive = FALSE))
  described(joined, manifest, told)
}

renamed <- function(column, suffix) {
  column$name <- paste0(column$name, suffix)
  if (!is.null(column$missing)) column$missing <- paste0(column$missing, suffix)
  column$nullable <- TRUE
  column
}

reordered <- function(frame, order) {
  described(lapply(frame, function(values) values[order]), attr(frame, "osteograph"), attr(frame, "osteograph")$columns)
}

described <- function(columns_of_values, manifest, columns) {
  manifest$columns <- columns
  frame <- tibble::as_tibble(columns_of_values)
  attr(frame, "osteograph") <- manifest
  frame
}
