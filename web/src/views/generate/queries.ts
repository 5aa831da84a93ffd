import { graphql, type ResultOf } from '../../lib/graphql.ts';

/** A bundle as the form offers it. */
const BUNDLE = graphql(`
  fragment ChosenBundle on Bundle {
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
`);

/** The knee to generate for, and the bundles that can. */
export const PREPARE = graphql(
  `
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
        ...ChosenBundle
      }
    }
  `,
  [BUNDLE],
);

/** The radiograph that somebody brought along, and the bundles that can make something of it. */
export const PREPARE_UPLOAD = graphql(
  `
    query PrepareUpload($id: ID!) {
      node(id: $id) {
        ... on UploadedRadiograph {
          __typename
          id
          view
          laterality
          rows
          columns
          warnings
          expiresAt
          knees {
            side
            box {
              left
              top
              side
            }
          }
          image {
            url
          }
        }
      }
      bundles(task: XRAY_TO_MRI) {
        ...ChosenBundle
      }
    }
  `,
  [BUNDLE],
);

export type Upload = Extract<
  NonNullable<ResultOf<typeof PREPARE_UPLOAD>['node']>,
  { __typename: 'UploadedRadiograph' }
>;

/** The newest uploads, to go on with or to delete. */
export const UPLOADS = graphql(`
  query Uploads {
    uploadedRadiographs(first: 5) {
      nodes {
        id
        view
        createdAt
        owner
      }
    }
  }
`);

export const DELETE_UPLOAD = graphql(`
  mutation DeleteUpload($id: ID!) {
    deleteUploadedRadiograph(input: { id: $id }) {
      deletedUploadedRadiographId
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
      generation {
        id
      }
    }
  }
`);
