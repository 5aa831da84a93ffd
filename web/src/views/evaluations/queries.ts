import type { EvaluationEvent } from '../../../../clients/typescript/src/index.ts';
import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const EVALUATIONS = graphql(`
  query Evaluations($comparisonKey: String, $after: String) {
    evaluations(first: 25, comparisonKey: $comparisonKey, after: $after) {
      nodes {
        id
        name
        state
        createdAt
        examCount
        participantCount
        phantomCount
        requestedBy
        arms {
          label
        }
        counters {
          done
          total
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const EVALUATION = graphql(`
  query Evaluation($id: ID!) {
    evaluation(id: $id) {
      id
      name
      state
      error
      waitingReason
      lastSeq
      createdAt
      startedAt
      finishedAt
      requestedBy
      comparisonKey
      filter
      seed
      seedRule
      examCount
      participantCount
      phantomCount
      withoutMri
      withoutRadiograph
      cohorts {
        id
        name
        version
      }
      arms {
        index
        label
        bundle
        sampler
        steps
        eta
        sliceCount
        noise
        featureSet
        featureOverrides {
          feature
          grade
        }
      }
      counters {
        done
        failed
        total
        reused
      }
      results {
        summaries {
          arm
          metric
          exams
          participants
          median
          lowerQuartile
          upperQuartile
          interval {
            lower
            upper
          }
        }
        references {
          reference
          exams
          participants
          metric
          median
          lowerQuartile
          upperQuartile
          interval {
            lower
            upper
          }
        }
        series {
          exams
          median
          lowerQuartile
          upperQuartile
          interval {
            lower
            upper
          }
        }
      }
      report {
        charts {
          name
          title
          caption
          spec
        }
        tables {
          name
          title
          caption
          columns
          rows
        }
        sheets {
          name
          title
          caption
        }
        html {
          url
          bytes
        }
        csv {
          url
          bytes
        }
      }
    }
  }
`);

export type Evaluation = NonNullable<ResultOf<typeof EVALUATION>['evaluation']>;

export type Report = NonNullable<Evaluation['report']>;

export type Scored = Extract<EvaluationEvent, { __typename: 'EvaluationVolumeScored' }>;

export const CANCEL = graphql(`
  mutation CancelEvaluation($id: ID!) {
    cancelEvaluation(input: { id: $id }) {
      evaluation {
        id
        state
      }
    }
  }
`);

export const EVALUATE = graphql(`
  mutation Evaluate($input: EvaluateBundlesInput!) {
    evaluateBundles(input: $input) {
      evaluation {
        id
      }
    }
  }
`);

/** A file of the report, e.g. a sheet. */
export const REPORT_FILE = graphql(`
  query ReportFile($id: ID!, $name: String!) {
    evaluation(id: $id) {
      id
      report {
        file(name: $name) {
          url
        }
      }
    }
  }
`);

/** What an evaluation can be made of. */
export const CHOICES = graphql(`
  query EvaluationChoices {
    bundles(task: XRAY_TO_MRI) {
      id
      name
      version
      state
      defaultSteps
      defaultSampler
      features {
        feature
        levels
      }
    }
  }
`);

/** How many knees a selection has that can be compared. */
export const COMPARABLE = graphql(`
  query ComparableKnees($where: KneeExamFilter!) {
    kneeExams(where: $where, first: 1) {
      totalCount
    }
  }
`);
