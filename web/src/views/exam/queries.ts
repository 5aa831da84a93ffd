import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const EXAM = graphql(`
  query Exam($id: ID!) {
    node(id: $id) {
      ... on KneeExam {
        __typename
        id
        side
        kl
        preferredProject
        womacPain
        womacStiffness
        womacDisability
        womacTotal
        koosPain
        visit {
          code
          date
          age
          bmi
          koosQualityOfLife
          koosSport
          pase
          cesd
        }
        participant {
          oaiId
          sex
          race
          site
          cohort
          phantom
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
`);

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
