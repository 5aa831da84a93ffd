library(testthat)
library(osteograph)

test_check("osteograph")
