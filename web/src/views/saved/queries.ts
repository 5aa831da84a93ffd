import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const COHORTS = graphql(`
  query Cohorts($after: String) {
    cohorts(first: 50, after: $after) {
      nodes {
        id
        name
        description
        kind
        version
        visibility
        owner
        updatedAt
        counts {
          exams
          participants
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const COHORT = graphql(`
  query Cohort($id: ID!) {
    cohort(id: $id) {
      id
      name
      description
      kind
      version
      visibility
      owner
      createdAt
      updatedAt
      canChange
      problem
      filter
      counts {
        exams
        participants
      }
      attrition {
        start {
          exams
          participants
        }
        steps {
          criterion
          removed {
            exams
            participants
          }
          remaining {
            exams
            participants
          }
        }
      }
      versions(first: 20) {
        nodes {
          version
          createdAt
          createdBy
          note
          counts {
            exams
          }
        }
      }
    }
  }
`);

export type CohortDetail = NonNullable<ResultOf<typeof COHORT>['cohort']>;

export const SHARE_COHORT = graphql(`
  mutation ShareCohort($id: ID!, $visibility: CohortVisibility!) {
    shareCohort(input: { id: $id, visibility: $visibility }) {
      cohort {
        id
        visibility
      }
    }
  }
`);

export const UPDATE_COHORT = graphql(`
  mutation UpdateCohort($input: UpdateCohortInput!) {
    updateCohort(input: $input) {
      cohort {
        id
        version
      }
    }
  }
`);

export const DELETE_COHORT = graphql(`
  mutation DeleteCohort($id: ID!) {
    deleteCohort(input: { id: $id }) {
      deletedCohortId
    }
  }
`);

/** Two cohorts and what they share, described alike. */
export const COMPARISON = graphql(`
  query Comparison($a: ID!, $b: ID!, $inA: KneeExamFilter!, $inB: KneeExamFilter!, $inBoth: KneeExamFilter!) {
    a: cohort(id: $a) {
      id
      name
    }
    b: cohort(id: $b) {
      id
      name
    }
    both: kneeExams(where: $inBoth, first: 1) {
      totalCount
    }
    aAge: kneeExamStatistics(where: $inA, of: AGE) {
      ...Numbers
    }
    bAge: kneeExamStatistics(where: $inB, of: AGE) {
      ...Numbers
    }
    aBmi: kneeExamStatistics(where: $inA, of: BMI) {
      ...Numbers
    }
    bBmi: kneeExamStatistics(where: $inB, of: BMI) {
      ...Numbers
    }
    aPain: kneeExamStatistics(where: $inA, of: WOMAC_PAIN) {
      ...Numbers
    }
    bPain: kneeExamStatistics(where: $inB, of: WOMAC_PAIN) {
      ...Numbers
    }
    aKl: kneeExamFacets(where: $inA, by: [KL]) {
      ...Bucket
    }
    bKl: kneeExamFacets(where: $inB, by: [KL]) {
      ...Bucket
    }
    aSex: kneeExamFacets(where: $inA, by: [SEX]) {
      ...Bucket
    }
    bSex: kneeExamFacets(where: $inB, by: [SEX]) {
      ...Bucket
    }
    aVisit: kneeExamFacets(where: $inA, by: [VISIT]) {
      ...Bucket
    }
    bVisit: kneeExamFacets(where: $inB, by: [VISIT]) {
      ...Bucket
    }
  }

  fragment Numbers on KneeExamStatistics {
    exams
    participants
    median
    lowerQuartile
    upperQuartile
    missing
  }

  fragment Bucket on FacetBucket {
    exams
    values {
      value
    }
  }
`);
