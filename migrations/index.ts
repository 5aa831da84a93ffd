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
];
