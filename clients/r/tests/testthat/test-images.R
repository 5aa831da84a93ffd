imaged <- function(server) {
  frame(cohort(server, where = list(hasMri = TRUE)), columns = "has_mri")$exam_id[[1]]
}

test_that("a film is a matrix of whole numbers", {
  server <- server_or_skip()
  film <- film(server, imaged(server))

  expect_true(is.matrix(film$array))
  expect_type(film$array, "integer")
  expect_gt(max(film$array), 255)
  expect_lte(max(film$array), 65535)
  expect_equal(c(film$exam_id, film$visit, film$provenance), c(imaged(server), "V00", "PHANTOM"))
})

test_that("a series is an array of three dimensions with its place", {
  server <- server_or_skip()
  series <- volume(server, imaged(server), "cor_t1_3d_flash")

  expect_equal(dim(series$array), c(64, 64, 80))
  expect_equal(series$spacing, c(2.5, 2.5, 1.5))
  expect_equal(sqrt(colSums(series$affine[1:3, 1:3]^2)), c(2.5, 2.5, 1.5), tolerance = 1e-6)
  expect_false(series$synthetic)
})

test_that("a cohort gives its images one after the other", {
  server <- server_or_skip()
  with_images <- cohort(server, where = list(hasMri = TRUE))

  expect_equal(volumes(with_images, each = function(series) dim(series$array)), list(c(64L, 64L, 80L)))
  expect_length(films(with_images), 1)
  expect_equal(films(with_images, each = function(film) NULL), list(NULL))
  expect_equal(volumes(with_images, "SAG_3D_DESS"), list())
})

test_that("an address that has expired is asked for again", {
  server <- server_or_skip()
  exam <- NULL
  asked <- list(where = list(id = list(eq = imaged(server))))
  osteograph:::each_row(server, osteograph:::films_query, asked, function(row) exam <<- row)
  exam$radiograph$image$url <- sub("expires=[0-9]+", "expires=1000000000", exam$radiograph$image$url)

  expect_error(download(server, exam$radiograph$image$url), class = "osteograph_forbidden")
  expect_equal(osteograph:::film_of(server, exam)$array, film(server, imaged(server))$array)
})

test_that("an exam without images is said", {
  server <- server_or_skip()
  bare <- frame(cohort(server, where = list(hasMri = FALSE, hasRadiograph = FALSE)), columns = "has_mri")$exam_id[[1]]

  expect_error(film(server, bare), "with a film whose pixels are stored", class = "osteograph_not_found")
  expect_error(volume(server, bare), "with an MRI series whose pixels are stored", class = "osteograph_not_found")
  expect_error(volume(server, imaged(server), "SAG_3D_DESS"), "with an MRI series SAG_3D_DESS", class = "osteograph_not_found")
})

# A NIfTI-1 file of 2 x 1 x 2 voxels.
nifti <- function(code, values, endian = "little", slope = 1, intercept = 0, sform = 1L) {
  bytes <- raw(352)
  put <- function(at, raw) bytes[at + seq_along(raw)] <<- raw
  as_raw <- function(value, size) writeBin(value, raw(), size = size, endian = endian)
  put(0, as_raw(348L, 4))
  put(40, as_raw(c(3L, 2L, 1L, 2L), 2))
  put(70, as_raw(as.integer(code), 2))
  put(76, as_raw(c(1, 0.5, 0.5, 3), 4))
  put(108, as_raw(c(352, slope, intercept), 4))
  put(254, as_raw(sform, 2))
  put(280, as_raw(c(-0.5, 0, 0, 10, 0, 0, 3, 20, 0, 0.5, 0, 30), 4))
  memCompress(c(bytes, values), "gzip")
}

test_that("files of each type and byte order are read, with their scale", {
  read <- function(...) as.vector(osteograph:::read_nifti(nifti(...))$array)
  numbers <- function(values, size, endian = "little") writeBin(values, raw(), size = size, endian = endian)

  expect_equal(read(2, as.raw(c(0, 1, 254, 255))), c(0, 1, 254, 255))
  expect_equal(read(4, numbers(c(-5L, 0L, 7L, 300L), 2)), c(-5, 0, 7, 300))
  expect_equal(read(512, as.raw(c(0xff, 0xff, 0, 0, 1, 0, 0, 1))), c(65535, 0, 1, 256))
  expect_equal(read(16, numbers(c(0.5, -1, 2, 8), 4)), c(0.5, -1, 2, 8))
  expect_equal(read(4, numbers(1:4, 2, "big"), endian = "big"), 1:4)
  expect_equal(read(4, numbers(1:4, 2), slope = 2, intercept = 1), c(3, 5, 7, 9))
})

test_that("the affine is that of the sform, and none where the placement is not known", {
  values <- writeBin(1:4, raw(), size = 2)

  expect_equal(osteograph:::read_nifti(nifti(4, values))$affine, rbind(c(-0.5, 0, 0, 10), c(0, 0, 3, 20), c(0, 0.5, 0, 30), c(0, 0, 0, 1)))
  expect_null(osteograph:::read_nifti(nifti(4, values, sform = 0L))$affine)
  expect_error(osteograph:::read_nifti(nifti(64, values)), "no NIfTI file that this client reads", class = "osteograph_network")
})
