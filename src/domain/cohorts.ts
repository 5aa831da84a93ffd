/** How a cohort knows its exams: STATIC froze their ids, DYNAMIC runs its filter whenever it is read. */
export const COHORT_KINDS = ['STATIC', 'DYNAMIC'] as const;
export type CohortKind = (typeof COHORT_KINDS)[number];

/** Who may read a cohort, beside its owner and administrators: nobody, whoever has its id, every reader. */
export const COHORT_VISIBILITIES = ['PRIVATE', 'LINK', 'READERS'] as const;
export type CohortVisibility = (typeof COHORT_VISIBILITIES)[number];

/** What becomes of a cohort that is made of named exams where some rows name none: nothing is made, or they are left out. */
export const UNKNOWN_EXAM_RULES = ['REFUSE', 'LEAVE_OUT'] as const;
export type UnknownExamRule = (typeof UNKNOWN_EXAM_RULES)[number];

/** What can be made of two or more cohorts. DIFFERENCE: the first without all the others. */
export const SET_OPERATIONS = ['UNION', 'INTERSECTION', 'DIFFERENCE'] as const;
export type SetOperation = (typeof SET_OPERATIONS)[number];
