import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { KNEE_EXAM_VARIABLES, PARTICIPANT_VARIABLES, VISIT_VARIABLES } from '../../lib/variable-fragments.ts';
import { NOTE, TAG } from '../annotations/queries.ts';

export const EXAM = graphql(
  `
    query Exam($id: ID!) {
      node(id: $id) {
        ... on KneeExam {
          __typename
          id
          side
          kl
          preferredProject
          tags {
            ...ShownTag
          }
          notes {
            ...ShownNote
          }
          ...KneeExamVariables
          visit {
            code
            ...VisitVariables
          }
          participant {
            oaiId
            phantom
            ...ParticipantVariables
            visits {
              id
              code
              date
              exams {
                id
                side
                kl
                radiograph {
                  rows
                }
                mriSeries {
                  sliceCount
                }
              }
            }
          }
          grades {
            feature
            grade
            missing
            missingReason
          }
          readings {
            id
            project
            version
            grades {
              feature
              grade
              missing
              missingReason
            }
          }
          radiographs {
            id
            view
            bilateral
            rows
            columns
            date
            barcode
            image {
              url
              bytes
            }
          }
          radiographReadings {
            id
            unreadableReason
            probabilities
            kl
            expectedKl
            notice
            createdAt
            box {
              left
              top
              side
            }
            medial {
              mm
              percent
              femur {
                column
                row
              }
              tibia {
                column
                row
              }
            }
            lateral {
              mm
              percent
              femur {
                column
                row
              }
              tibia {
                column
                row
              }
            }
            bundle {
              name
              version
            }
            radiograph {
              id
            }
          }
          mriSeries(synthetic: null) {
            id
            sequence
            plane
            sliceCount
            sliceSpacing
            synthetic
            barcode
            volume {
              url
              bytes
            }
            generation {
              id
              slices {
                index
                previewUrl
              }
            }
          }
          generations(first: 12) {
            nodes {
              id
              state
              task
              createdAt
              sliceCount
              steps
              seed
              psnr
              ssim
              rssim
              bundle {
                name
                version
              }
              featureOverrides {
                feature
                grade
              }
            }
          }
        }
      }
    }
  `,
  [KNEE_EXAM_VARIABLES, NOTE, PARTICIPANT_VARIABLES, TAG, VISIT_VARIABLES],
);

export const READ_RADIOGRAPH = graphql(`
  mutation ReadRadiograph($input: ReadRadiographInput!) {
    readRadiograph(input: $input) {
      reading {
        id
      }
    }
  }
`);

export type Exam = Extract<NonNullable<ResultOf<typeof EXAM>['node']>, { __typename: 'KneeExam' }>;
