import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { KNEE_EXAM_VARIABLES, PARTICIPANT_VARIABLES, VISIT_VARIABLES } from '../../lib/variable-fragments.ts';

/** Counts of everything that the charts show: each one-dimensional chart under the filter without its own dimension. */
export const OVERVIEW = graphql(`
  query Overview(
    $where: KneeExamFilter
    $byKl: KneeExamFilter
    $byVisit: KneeExamFilter
    $bySide: KneeExamFilter
    $read: Boolean!
  ) {
    kneeExams(where: $where, first: 1) {
      totalCount
    }
    kneeExamStatistics(where: $where, of: AGE) @include(if: $read) {
      participants
    }
    kl: kneeExamFacets(where: $byKl, by: [KL]) {
      exams
      values {
        value
        suppressed
      }
    }
    visit: kneeExamFacets(where: $byVisit, by: [VISIT]) {
      exams
      values {
        value
        suppressed
      }
    }
    side: kneeExamFacets(where: $bySide, by: [SIDE]) {
      exams
      values {
        value
        suppressed
      }
    }
    cells: kneeExamFacets(where: $where, by: [KL, VISIT, SIDE]) {
      exams
      values {
        value
        suppressed
      }
    }
  }
`);

export type Bucket = ResultOf<typeof OVERVIEW>['kl'][number];

export const TRANSITIONS = graphql(`
  query Transitions($where: KneeExamFilter, $from: VisitCode!, $to: VisitCode!) {
    gradeTransitions(where: $where, from: $from, to: $to) {
      from
      to
      kind
      knees
    }
  }
`);

export type Transition = ResultOf<typeof TRANSITIONS>['gradeTransitions'][number];

/** A page of the table; grades and images only when a column shows them. */
export const EXAMS = graphql(
  `
    query Exams(
      $where: KneeExamFilter
      $orderBy: [KneeExamOrder!]
      $first: Int!
      $after: String
      $grades: Boolean!
      $images: Boolean!
    ) {
      kneeExams(where: $where, orderBy: $orderBy, first: $first, after: $after) {
        nodes {
          id
          side
          kl
          ...KneeExamVariables
          participant {
            oaiId
            phantom
            ...ParticipantVariables
          }
          visit {
            code
            ...VisitVariables
          }
          grades @include(if: $grades) {
            feature
            grade
            missing
            missingReason
          }
          radiograph @include(if: $images) {
            rows
          }
          mriSeries @include(if: $images) {
            sequence
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [KNEE_EXAM_VARIABLES, PARTICIPANT_VARIABLES, VISIT_VARIABLES],
);

export type ExamRow = ResultOf<typeof EXAMS>['kneeExams']['nodes'][number];
