import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const STUDIES = graphql(`
  query ReaderStudies($after: String) {
    readerStudies(first: 25, after: $after) {
      nodes {
        id
        name
        state
        unit
        pairs
        createdAt
        createdBy
        session {
          id
          answered
          total
          finished
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const RESULTS = graphql(`
  fragment Results on ReaderResults {
    readers
    correct
    answers
    accuracy
    interval {
      lower
      upper
    }
    strata {
      by
      value
      correct
      answers
      accuracy
      interval {
        lower
        upper
      }
    }
  }
`);

export type Results = ResultOf<typeof RESULTS>;

export const STUDY = graphql(
  `
    query ReaderStudy($id: ID!) {
      readerStudy(id: $id) {
        id
        name
        state
        unit
        pairs
        error
        waitingReason
        createdAt
        createdBy
        canClose
        session {
          id
          answered
          total
          finished
          results {
            ...Results
          }
        }
        results {
          ...Results
        }
      }
    }
  `,
  [RESULTS],
);

export type Study = NonNullable<ResultOf<typeof STUDY>['readerStudy']>;

const TRIAL = graphql(`
  fragment Trial on ReaderSession {
    id
    answered
    total
    finished
    next {
      index
      left {
        url
      }
      right {
        url
      }
    }
  }
`);

export type Session = ResultOf<typeof TRIAL>;

/** Begins the session, or takes it up again. */
export const START = graphql(
  `
    mutation StartReaderSession($studyId: ID!) {
      startReaderSession(input: { studyId: $studyId }) {
        session {
          ...Trial
        }
      }
    }
  `,
  [TRIAL],
);

export const ANSWER = graphql(
  `
    mutation AnswerReaderTrial($sessionId: ID!, $trial: Int!, $imported: ReaderChoice!) {
      answerReaderTrial(input: { sessionId: $sessionId, trial: $trial, imported: $imported }) {
        session {
          ...Trial
        }
      }
    }
  `,
  [TRIAL],
);

export const CREATE = graphql(`
  mutation CreateReaderStudy($input: CreateReaderStudyInput!) {
    createReaderStudy(input: $input) {
      study {
        id
      }
    }
  }
`);

export const CLOSE = graphql(`
  mutation CloseReaderStudy($id: ID!) {
    closeReaderStudy(input: { id: $id }) {
      study {
        id
        state
      }
    }
  }
`);

/** Evaluations whose volumes can be shown. */
export const SOURCES = graphql(`
  query StudySources {
    evaluations(first: 100) {
      nodes {
        id
        name
        state
        createdAt
        arms {
          index
          label
        }
      }
    }
  }
`);
