# Writes the SAS files of test/import/sas-tables.test.ts with R's haven (ReadStat): `Rscript test/golden/sas.R test/golden/sas`.
# Rows are fabricated. SAS itself writes other layouts of the same format; those were compared with pyreadstat by hand.
library(haven)

folder <- commandArgs(trailingOnly = TRUE)[1]
table <- data.frame(
  ID = c("1000001", "1000001", "1000002", "1000002"),
  SIDE = c(1, 2, 1, 2),
  READPRJ = c("15", "15", "15", "37"),
  VERSION = c("0.8", "0.8", "0.8", "0.8"),
  V00BARCDBU = c("016600000001", "016600000001", "016600000002", "016600000002"),
  V00XRKL = c(2, 3, tagged_na("P"), 0),
  V00XRJSM = c(1.4, 2, tagged_na("A"), 0),
  V00XROSFM = c(NA, 3, tagged_na("T"), 1),
  stringsAsFactors = FALSE
)
write_sas(table, file.path(folder, "kxr_sq_bu00.sas7bdat"))
write_xpt(table, file.path(folder, "kxr_sq_bu00-v8.xpt"), version = 8, name = "KXR")
names(table)[5] <- "BARCODE"
names(table) <- sub("V00X", "X", names(table))
names(table)[5] <- "BARCDBU"
write_xpt(table, file.path(folder, "kxr_sq_bu00-v5.xpt"), version = 5, name = "KXR")

clinical <- data.frame(
  ID = c("1000001", "1000002"),
  V00FVDATE = as.Date(c("2004-03-15", "2005-11-02")),
  V00AGE = c(62, NA),
  P01BMI = c(27.25, tagged_na("M")),
  V00WOMKPR = c(tagged_na("D"), 3.5),
  stringsAsFactors = FALSE
)
write_sas(clinical, file.path(folder, "allclinical00.sas7bdat"))
