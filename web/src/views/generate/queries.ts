import { graphql, type ResultOf } from '../../lib/graphql.ts';

/** The knee to generate for, and the bundles that can. */
export const PREPARE = graphql(`
  query Prepare($id: ID!) {
    node(id: $id) {
      ... on KneeExam {
        __typename
        id
        side
        kl
        visit {
          code
        }
        participant {
          oaiId
          phantom
        }
        grades {
          feature
          grade
          missing
          missingReason
        }
        radiograph {
          id
          view
          bilateral
          image {
            url
          }
        }
        mriSeries {
          sliceCount
        }
      }
    }
    bundles(task: XRAY_TO_MRI) {
      id
      name
      version
      state
      refusal
      description
      intendedUse
      defaultSteps
      defaultSampler
      features {
        feature
        levels
      }
    }
  }
`);

export type Prepared = ResultOf<typeof PREPARE>;

export type Knee = Extract<NonNullable<Prepared['node']>, { __typename: 'KneeExam' }>;

/** Knees that have a film here, to choose from. */
export const KNEES = graphql(`
  query Knees($where: KneeExamFilter, $after: String) {
    kneeExams(where: $where, first: 20, after: $after) {
      nodes {
        id
        side
        kl
        visit {
          code
          age
        }
        participant {
          oaiId
          sex
        }
        mriSeries {
          sliceCount
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const GENERATE = graphql(`
  mutation Generate($input: GenerateMriInput!) {
    generateMri(input: $input) {
      id
    }
  }
`);
