# Gives each row of a list to `each`, page by page, until that returns FALSE. The query calls the list `page`, takes $first and $after, and
# asks for `pageInfo` and `nodes`.
each_row <- function(server, query, variables, each, size = 200) {
  after <- NULL
  repeat {
    page <- ask(server, query, c(variables, list(first = size, after = after)))$page
    for (row in page$nodes) if (isFALSE(each(row))) return(invisible())
    if (!page$pageInfo$hasNextPage) return(invisible())
    after <- page$pageInfo$endCursor
  }
}

# All rows of a list.
all_rows <- function(server, query, variables = list()) {
  rows <- list()
  each_row(server, query, variables, function(row) rows[[length(rows) + 1]] <<- row)
  rows
}

# One field of each row as a vector; NA where it is null.
field_of <- function(rows, name, type = character(1)) {
  vapply(rows, function(row) as.vector(row[[name]] %||% NA, typeof(type)), type)
}
