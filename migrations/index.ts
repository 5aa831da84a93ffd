import { CreateSchema1760000000000 } from './1760000000000-create-schema.js';
import { CreateSecret1760000000100 } from './1760000000100-create-secret.js';
import { AddAttemptLimit1760000000200 } from './1760000000200-add-attempt-limit.js';
import { CreateImportedFile1760000000300 } from './1760000000300-create-imported-file.js';
import { AddVisitCodeToKneeExam1760000000400 } from './1760000000400-add-visit-code-to-knee-exam.js';
import { CreateCohorts1760000000500 } from './1760000000500-create-cohorts.js';
import { FreeCohortMembers1760000000510 } from './1760000000510-free-cohort-members.js';
import { CreateExport1760000000600 } from './1760000000600-create-export.js';
import { IndexVisitOrders1760000000700 } from './1760000000700-index-visit-orders.js';
import { AddGenerationBox1760000001950 } from './1760000001950-add-generation-box.js';
import { CreateBatch1760000002000 } from './1760000002000-create-batch.js';
import { IndexGenerationStarts1760000002010 } from './1760000002010-index-generation-starts.js';
import { FreeBatchMembers1760000002020 } from './1760000002020-free-batch-members.js';
import { CreateWorker1760000002100 } from './1760000002100-create-worker.js';
import { AddStoredAtToAsset1760000002200 } from './1760000002200-add-stored-at-to-asset.js';
import { AddGenerationOrigin1760000002300 } from './1760000002300-add-generation-origin.js';
import { AddArchivesToExport1760000002310 } from './1760000002310-add-archives-to-export.js';
import { AddGenerationTraceparent1760000002400 } from './1760000002400-add-generation-traceparent.js';
import { CreateEvaluations1760000002500 } from './1760000002500-create-evaluations.js';
import { CreateReaderStudies1760000002510 } from './1760000002510-create-reader-studies.js';
import { CreateRateLimit1760000002600 } from './1760000002600-create-rate-limit.js';
import { AnnounceApiToken1760000002610 } from './1760000002610-announce-api-token.js';
import { AddGenerationPriority1760000002620 } from './1760000002620-add-generation-priority.js';
import { CreateUploadedRadiograph1760000002700 } from './1760000002700-create-uploaded-radiograph.js';
import { AddBytesToBundle1760000002710 } from './1760000002710-add-bytes-to-bundle.js';
import { AddFilmUids1760000002720 } from './1760000002720-add-film-uids.js';
import { ShareWorkColumns1760000002900 } from './1760000002900-share-work-columns.js';
import { RememberOrigins1760000003010 } from './1760000003010-remember-origins.js';
import { IndexNewestGenerations1760000003071 } from './1760000003071-index-newest-generations.js';
import { RememberRequests1760000003072 } from './1760000003072-remember-requests.js';
import { AddQuestionnaires1760000003600 } from './1760000003600-add-questionnaires.js';
import { ShareBatches1760000004210 } from './1760000004210-share-batches.js';
import { ShareGenerations1760000004200 } from './1760000004200-share-generations.js';
import { CreateRadiographReading1760000004100 } from './1760000004100-create-radiograph-reading.js';
import { UseWordsOfTheField1760000004000 } from './1760000004000-use-words-of-the-field.js';
import { CreateVariableStore1760000005100 } from './1760000005100-create-variable-store.js';
import { MakeGenerationsFromSeries1760000004800 } from './1760000004800-make-generations-from-series.js';
import { KeepAcquisitions1760000004910 } from './1760000004910-keep-acquisitions.js';
import { QuarantineImages1760000004900 } from './1760000004900-quarantine-images.js';
import { KeepImageOrigins1760000003500 } from './1760000003500-keep-image-origins.js';
import { KeepOutcomes1760000005000 } from './1760000005000-keep-outcomes.js';
import { ShapeExports1760000005010 } from './1760000005010-shape-exports.js';
import { CreateErasure1760000005200 } from './1760000005200-create-erasure.js';
import { KeepOriginals1760000005300 } from './1760000005300-keep-originals.js';
import { KeepImports1760000005400 } from './1760000005400-keep-imports.js';
import { MeasureKneesInEvaluations1760000005700 } from './1760000005700-measure-knees-in-evaluations.js';
import { MarkRedactions1760000005800 } from './1760000005800-mark-redactions.js';
import { KeepDaysBack1760000005810 } from './1760000005810-keep-days-back.js';
import { MarkRedactedImages1760000005820 } from './1760000005820-mark-redacted-images.js';
import { IndexOriginalStudies1760000005830 } from './1760000005830-index-original-studies.js';
import { ListDicomSeries1760000005900 } from './1760000005900-list-dicom-series.js';
import { SealAudit1760000006200 } from './1760000006200-seal-audit.js';
import { CreateDerivedVariables1760000006300 } from './1760000006300-create-derived-variables.js';
import { CreateArrivalRules1760000006400 } from './1760000006400-create-arrival-rules.js';
import { DropTextIndexOfLevels1760000006500 } from './1760000006500-drop-text-index-of-levels.js';
import { SendDicom1760000006700 } from './1760000006700-send-dicom.js';
import { CreateT2Maps1760000006710 } from './1760000006710-create-t2-maps.js';
import { ForgetVariablesByTrigger1760000006800 } from './1760000006800-forget-variables-by-trigger.js';
import { KnowPeopleOfAProvider1760000006900 } from './1760000006900-know-people-of-a-provider.js';
import { CreateWebhooks1760000007000 } from './1760000007000-create-webhooks.js';
import { ResultsInStudies1760000009000 } from './1760000009000-results-in-studies.js';
import { CreateUploadedMask1760000010000 } from './1760000010000-create-uploaded-mask.js';
import { CreateMeasurement1760000011000 } from './1760000011000-create-measurement.js';
import { CreateTagsAndNotes1760000012000 } from './1760000012000-create-tags-and-notes.js';

/** In the order they run. Applied migrations are never edited. */
export const MIGRATIONS = [
  CreateSchema1760000000000,
  CreateSecret1760000000100,
  AddAttemptLimit1760000000200,
  CreateImportedFile1760000000300,
  AddVisitCodeToKneeExam1760000000400,
  CreateCohorts1760000000500,
  FreeCohortMembers1760000000510,
  CreateExport1760000000600,
  IndexVisitOrders1760000000700,
  AddGenerationBox1760000001950,
  CreateBatch1760000002000,
  IndexGenerationStarts1760000002010,
  FreeBatchMembers1760000002020,
  CreateWorker1760000002100,
  AddStoredAtToAsset1760000002200,
  AddGenerationOrigin1760000002300,
  AddArchivesToExport1760000002310,
  AddGenerationTraceparent1760000002400,
  CreateEvaluations1760000002500,
  CreateReaderStudies1760000002510,
  CreateRateLimit1760000002600,
  AnnounceApiToken1760000002610,
  AddGenerationPriority1760000002620,
  CreateUploadedRadiograph1760000002700,
  AddBytesToBundle1760000002710,
  AddFilmUids1760000002720,
  ShareWorkColumns1760000002900,
  RememberOrigins1760000003010,
  IndexNewestGenerations1760000003071,
  RememberRequests1760000003072,
  KeepImageOrigins1760000003500,
  AddQuestionnaires1760000003600,
  UseWordsOfTheField1760000004000,
  CreateRadiographReading1760000004100,
  ShareGenerations1760000004200,
  ShareBatches1760000004210,
  MakeGenerationsFromSeries1760000004800,
  QuarantineImages1760000004900,
  KeepAcquisitions1760000004910,
  KeepOutcomes1760000005000,
  ShapeExports1760000005010,
  CreateVariableStore1760000005100,
  CreateErasure1760000005200,
  KeepOriginals1760000005300,
  KeepImports1760000005400,
  MeasureKneesInEvaluations1760000005700,
  MarkRedactions1760000005800,
  KeepDaysBack1760000005810,
  MarkRedactedImages1760000005820,
  IndexOriginalStudies1760000005830,
  ListDicomSeries1760000005900,
  SealAudit1760000006200,
  CreateDerivedVariables1760000006300,
  CreateArrivalRules1760000006400,
  DropTextIndexOfLevels1760000006500,
  SendDicom1760000006700,
  CreateT2Maps1760000006710,
  ForgetVariablesByTrigger1760000006800,
  KnowPeopleOfAProvider1760000006900,
  CreateWebhooks1760000007000,
  ResultsInStudies1760000009000,
  CreateUploadedMask1760000010000,
  CreateMeasurement1760000011000,
  CreateTagsAndNotes1760000012000,
];
