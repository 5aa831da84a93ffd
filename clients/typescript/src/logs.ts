import { graphql, type ResultOf, type TadaDocumentNode } from './graphql.ts';

/** One line of a log that the API streams: numbered 1, 2, 3, ... without a gap. */
export interface Numbered {
  seq: number;
}

/** A subscription to a log: it has one field, the event. */
export type LogDocument<Event extends Numbered> = TadaDocumentNode<
  Record<string, Event>,
  { id: string; after: number }
>;

/** How far something is. `lastSeq` is the number of its newest event; an export has none. */
export interface Row {
  __typename: string;
  state: string;
  lastSeq?: number;
}

type RowDocument<Of extends Row> = TadaDocumentNode<Record<string, Of | null>, { id: string }>;

const GENERATION_EVENTS = graphql(`
  subscription FollowGeneration($id: ID!, $after: Int!) {
    generationProgress(id: $id, after: $after) {
      __typename
      seq
      at
      ... on GenerationStateChanged {
        state
        message
      }
      ... on GenerationStepProgress {
        firstSlice
        lastSlice
        step
        steps
        fraction
      }
      ... on GenerationSliceCompleted {
        completed
        total
        slice {
          index
          depth
          psnr
          ssim
          rssim
          previewUrl
        }
      }
      ... on GenerationTileCompleted {
        index
        total
        step
        steps
        fraction
      }
      ... on GenerationFrameCompleted {
        index
        total
        position
        kl
        jsw
        expectedKl
        image
      }
      ... on GenerationCompleted {
        psnr
        ssim
        rssim
        adjacentCorrelation
        durationMs
        device
        mriSeries {
          id
          volume {
            url
            bytes
          }
        }
      }
    }
  }
`);

const GENERATION_ROW = graphql(`
  query GenerationSoFar($id: ID!) {
    generation(id: $id) {
      __typename
      id
      state
      lastSeq
      error
      waitingReason
      slices {
        index
        depth
        psnr
        ssim
        rssim
        previewUrl
      }
    }
  }
`);

const BATCH_EVENTS = graphql(`
  subscription FollowBatch($id: ID!, $after: Int!) {
    batchProgress(id: $id, after: $after) {
      __typename
      seq
      at
      counters {
        total
        waiting
        running
        succeeded
        reused
        failed
        canceled
        impossible
      }
      ... on BatchStateChanged {
        state
        message
      }
      ... on BatchGenerationFinished {
        generationId
        outcome
        error
      }
      ... on BatchCompleted {
        seconds
      }
    }
  }
`);

const BATCH_ROW = graphql(`
  query BatchSoFar($id: ID!) {
    batch(id: $id) {
      __typename
      id
      state
      lastSeq
      message
      fraction
      counters {
        total
        waiting
        running
        succeeded
        reused
        failed
        canceled
        impossible
      }
    }
  }
`);

const EVALUATION_EVENTS = graphql(`
  subscription FollowEvaluation($id: ID!, $after: Int!) {
    evaluationProgress(id: $id, after: $after) {
      __typename
      seq
      at
      ... on EvaluationStateChanged {
        state
        message
      }
      ... on EvaluationVolumeScored {
        arm
        examId
        generationId
        reused
        psnr
        ssim
        rssim
        error
        done
        failed
        total
      }
    }
  }
`);

const EVALUATION_ROW = graphql(`
  query EvaluationSoFar($id: ID!) {
    evaluation(id: $id) {
      __typename
      id
      state
      lastSeq
      error
      waitingReason
    }
  }
`);

const EXPORT_ROW = graphql(`
  query ExportSoFar($id: ID!) {
    export(id: $id) {
      __typename
      id
      state
      format
      fraction
      rows
      done
      total
      error
      waitingReason
      expiresAt
      file {
        url
        bytes
        mediaType
      }
    }
  }
`);

export type GenerationEvent = ResultOf<typeof GENERATION_EVENTS>['generationProgress'];
export type BatchEvent = ResultOf<typeof BATCH_EVENTS>['batchProgress'];
export type EvaluationEvent = ResultOf<typeof EVALUATION_EVENTS>['evaluationProgress'];

/** What can be followed: the events that its log has unless other fields are asked for, and its row. */
export interface Kinds {
  generation: { event: GenerationEvent; row: NonNullable<ResultOf<typeof GENERATION_ROW>['generation']> };
  batch: { event: BatchEvent; row: NonNullable<ResultOf<typeof BATCH_ROW>['batch']> };
  evaluation: { event: EvaluationEvent; row: NonNullable<ResultOf<typeof EVALUATION_ROW>['evaluation']> };
  export: { event: never; row: NonNullable<ResultOf<typeof EXPORT_ROW>['export']> };
}

export type Kind = keyof Kinds;

/** `events` is absent where there is no log, and the row is all there is to follow. */
type Logs = { [K in Kind]: { events?: LogDocument<Kinds[K]['event']>; row: RowDocument<Kinds[K]['row']> } };

export const LOGS: Logs = {
  generation: { events: GENERATION_EVENTS, row: GENERATION_ROW },
  batch: { events: BATCH_EVENTS, row: BATCH_ROW },
  evaluation: { events: EVALUATION_EVENTS, row: EVALUATION_ROW },
  export: { row: EXPORT_ROW },
};

const UNDER_WAY = ['QUEUED', 'RUNNING', 'PAUSED'];

export function isOver({ state }: Row): boolean {
  return !UNDER_WAY.includes(state);
}
