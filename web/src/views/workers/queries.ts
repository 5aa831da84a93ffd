import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const WORKERS = graphql(`
  query Workers {
    workers {
      id
      name
      host
      pid
      version
      state
      startedAt
      seenAt
      slots {
        device
        provider
        bundle
        fraction
        generations
        memoryBytes
        generation {
          id
          side
          exam {
            visit {
              code
            }
            participant {
              oaiId
            }
          }
          batch {
            id
            name
          }
        }
      }
    }
    waiting: generations(first: 1, where: { state: { eq: QUEUED } }) {
      totalCount
    }
    paused: batches(first: 100, where: { state: { eq: PAUSED } }) {
      nodes {
        counters {
          waiting
        }
      }
    }
  }
`);

export type Worker = ResultOf<typeof WORKERS>['workers'][number];

export type Slot = Worker['slots'][number];
