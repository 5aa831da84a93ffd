import { graphql, type ResultOf } from '../../lib/graphql.ts';

const COUNTERS = graphql(`
  fragment Counters on BatchCounters {
    waiting
    running
    succeeded
    reused
    failed
    canceled
    impossible
    total
  }
`);

const BATCH_ROW = graphql(
  `
    fragment BatchRow on Batch {
      id
      name
      state
      message
      priority
      cancelRequested
      createdAt
      finishedAt
      requestedBy
      generationsPerHour
      estimatedEnd
      counters {
        ...Counters
      }
      bundle {
        id
        name
        version
      }
      cohorts {
        id
        name
        version
      }
    }
  `,
  [COUNTERS],
);

/** What is in the queue, and a page of what is over. */
export const BATCHES = graphql(
  `
    query Batches($after: String) {
      queue: batches(first: 100, where: { state: { in: [QUEUED, RUNNING, PAUSED] } }) {
        nodes {
          ...BatchRow
        }
      }
      over: batches(first: 20, after: $after, where: { state: { in: [SUCCEEDED, PARTIAL, FAILED, CANCELED] } }) {
        nodes {
          ...BatchRow
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [BATCH_ROW],
);

export type BatchSummary = ResultOf<typeof BATCHES>['queue']['nodes'][number];

export type Counters = BatchSummary['counters'];

export const BATCH = graphql(
  `
    query Batch($id: ID!) {
      batch(id: $id) {
        ...BatchRow
        lastSeq
        startedAt
        filter
        task
        parameters
        sliceCount
        steps
        sampler
        eta
        noise
        seed
        seedRule
        skipExisting
        clientKey
        featureOverrides {
          feature
          grade
        }
      }
    }
  `,
  [BATCH_ROW],
);

export type Batch = NonNullable<ResultOf<typeof BATCH>['batch']>;

/** What no event tells: the pace, and that a worker has taken another exam. */
export const PACE = graphql(
  `
    query BatchPace($id: ID!) {
      batch(id: $id) {
        id
        lastSeq
        generationsPerHour
        estimatedEnd
        counters {
          ...Counters
        }
      }
    }
  `,
  [COUNTERS],
);

export const BATCH_PROGRESS = graphql(
  `
    subscription BatchProgress($id: ID!, $after: Int!) {
      batchProgress(id: $id, after: $after) {
        __typename
        seq
        counters {
          ...Counters
        }
        ... on BatchStateChanged {
          state
          message
        }
      }
    }
  `,
  [COUNTERS],
);

export type BatchEvent = ResultOf<typeof BATCH_PROGRESS>['batchProgress'];

/** A page of the exams of a batch. */
export const MEMBERS = graphql(`
  query BatchMembers($id: ID!, $states: [BatchMemberState!], $first: Int!, $after: String) {
    batch(id: $id) {
      id
      members(states: $states, first: $first, after: $after) {
        totalCount
        nodes {
          position
          state
          reason
          exam {
            id
            side
            kl
            visit {
              code
            }
            participant {
              oaiId
            }
          }
          generation {
            id
            error
            psnr
            ssim
            durationMs
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export type Member = NonNullable<ResultOf<typeof MEMBERS>['batch']>['members']['nodes'][number];

export type MemberState = Member['state'];

export const PAUSE = graphql(`
  mutation PauseBatch($id: ID!) {
    pauseBatch(input: { id: $id }) {
      batch {
        id
        state
        cancelRequested
      }
    }
  }
`);

export const RESUME = graphql(`
  mutation ResumeBatch($id: ID!) {
    resumeBatch(input: { id: $id }) {
      batch {
        id
        state
        cancelRequested
      }
    }
  }
`);

export const CANCEL = graphql(`
  mutation CancelBatch($id: ID!) {
    cancelBatch(input: { id: $id }) {
      batch {
        id
        state
        cancelRequested
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation RetryBatch($id: ID!) {
    retryBatch(input: { id: $id }) {
      batch {
        id
        state
        cancelRequested
      }
    }
  }
`);

export const DELETE = graphql(`
  mutation DeleteBatch($id: ID!) {
    deleteBatch(input: { id: $id }) {
      deletedBatchId
    }
  }
`);

export const EXPORT_BATCH = graphql(`
  mutation ExportBatch($input: ExportGenerationsInput!) {
    exportGenerations(input: $input) {
      export {
        id
      }
    }
  }
`);

/** How many exams a batch would have, how many of them lack what it is made of, and the bundles that could make it. */
export const PREPARE_BATCH = graphql(`
  query PrepareBatch($where: KneeExamFilter!, $without: KneeExamFilter!, $task: GenerationTask!) {
    selected: kneeExams(where: $where, first: 1) {
      totalCount
    }
    without: kneeExams(where: $without, first: 1) {
      totalCount
    }
    bundles(task: $task) {
      id
      name
      version
      state
      refusal
      defaultSteps
    }
  }
`);

export const START_BATCH = graphql(`
  mutation StartBatch($input: SynthesizeCohortInput!) {
    synthesizeCohort(input: $input) {
      batch {
        id
      }
    }
  }
`);
