# The first ten minutes in R: ask, count, keep a cohort, take it as a frame, look at a film and a volume.
#
#     R CMD INSTALL clients/r
#     OSTEOGRAPH_TOKEN=osteo_... Rscript examples/r/first_ten_minutes.R
#
# The "# ----" lines are sections in RStudio. OSTEOGRAPH_URL defaults to http://127.0.0.1:4000.

# Connect ----
library(osteograph)

server <- osteograph_connect()

# Ask: which knees with KL 2 or 3 at baseline are there? ----
worn <- cohort(server, where = list(visit = list(eq = "V00"), kl = list(`in` = c(2, 3))))
cat(exam_count(worn), "knees\n")
print(xtabs(exams ~ kl + sex, counts(worn, "KL", "SEX"), addNA = TRUE))

# Keep: a cohort that a colleague can use too ----
kept <- create_cohort(server, "KL 2-3 at baseline", where = cohort_filter(worn), visibility = "READERS")
print(kept)

# Take: one row per knee, typed, with the reason beside each missing grade ----
knees <- frame(kept, columns = c("visit", "grades"))
print(head(knees[c("oai_id", "side", "phantom", "age", "bmi", "xrkl", "xrkl_missing")]))
print(tapply(knees$bmi, knees$xrkl, summary))
print(subset(dictionary(knees), name %in% c("bmi", "xrkl", "xrkl_missing"), c("name", "type", "unit", "description")))

# Over time: the same knees with later visits beside baseline, or one row per person ----
wide <- frame(kept, "wide", columns = c("xrkl", "womac_pain"), visits = c("V03", "V06"))
worse <- wide$xrkl_v06 > wide$xrkl
cat(sum(worse, na.rm = TRUE), "of", sum(!is.na(worse)), "knees are worse at 48 months\n")
people <- frame(kept, unit = "participant", columns = c("sex", "xrkl"), missing = FALSE)
print(head(people[c("oai_id", "sex", "xrkl_right", "xrkl_left")]))

# Any variable of the release ----
print(variables(server, "womac pain")[c("name", "label", "kind", "unit", "owner")])

# Time to an event: the server's curves, and the times of each knee for a model of your own ----
baseline <- cohort(server, where = list(visit = list(eq = "V00")))
onset <- survival_curves(baseline, "KL_GE_2", competing = c("KNEE_REPLACEMENT", "DEATH"), by = "SEX")
print(onset$groups)
timed <- frame(baseline, columns = c("sex", "bmi"), event = "KL_GE_2", competing = c("KNEE_REPLACEMENT", "DEATH"))
print(table(status = timed$status, useNA = "ifany"))

# Look: a film and an MRI series as arrays ----
imaged <- frame(cohort(server, where = list(hasRadiograph = TRUE)), columns = c("has_radiograph", "has_mri"))
if (nrow(imaged) > 0) {
  film <- film(server, imaged$exam_id[1])
  cat("film of ", film$oai_id, ": ", paste(dim(film$array), collapse = " x "), " pixels, ", paste(range(film$array), collapse = " to "), "\n", sep = "")
}
if (any(imaged$has_mri)) {
  knee <- volume(server, imaged$exam_id[imaged$has_mri][1])
  voxels <- paste(dim(knee$array), collapse = " x ")
  cat(knee$sequence, ": ", voxels, " voxels of ", paste(signif(knee$spacing, 4), collapse = " x "), " mm\n", sep = "")
} else {
  cat("No MRI is stored here; import a release with images, or run the demo.\n")
}
