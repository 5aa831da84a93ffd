# What the numbers of a file are, by their NIfTI-1 code: those that the server writes or keeps.
nifti_types <- list(
  "2" = list(what = "integer", size = 1, signed = FALSE),
  "4" = list(what = "integer", size = 2, signed = TRUE),
  "16" = list(what = "numeric", size = 4, signed = TRUE),
  "512" = list(what = "integer", size = 2, signed = FALSE)
)

# A file of the server, .nii.gz, as an array with its place. It is no reader of foreign files: the packages that are (RNifti, oro.nifti) are not in
# Debian, and the server writes one volume of four types with an sform.
read_nifti <- function(packed) {
  bytes <- memDecompress(packed, "gzip")
  endian <- if (readBin(bytes, "integer", 1, endian = "little") == 348L) "little" else "big"
  numbers <- function(at, what, count, size) readBin(bytes[at + seq_len(count * size)], what, count, size, endian = endian)
  dimensions <- numbers(40, "integer", 4, 2)
  type <- nifti_types[[as.character(numbers(70, "integer", 1, 2))]]
  if (numbers(0, "integer", 1, 4) != 348L || is.null(type)) {
    raise("NETWORK", "The file of the series is no NIfTI file that this client reads; download() gives its bytes.")
  }
  size <- dimensions[2:4]
  offset <- numbers(108, "numeric", 1, 4)
  values <- readBin(bytes[-seq_len(offset)], type$what, prod(size), type$size, signed = type$signed, endian = endian)
  scale <- numbers(112, "numeric", 2, 4)
  if (scale[[1]] != 0 && !identical(scale, c(1, 0))) values <- values * scale[[1]] + scale[[2]]
  list(
    array = array(values, size),
    # The code of the sform says whether the placement is known.
    affine = if (numbers(254, "integer", 1, 2) > 0) rbind(matrix(numbers(280, "numeric", 12, 4), 3, byrow = TRUE), c(0, 0, 0, 1)),
    spacing = numbers(80, "numeric", 3, 4),
    description = rawToChar(Filter(function(byte) byte > 0, bytes[148 + 1:80]))
  )
}
