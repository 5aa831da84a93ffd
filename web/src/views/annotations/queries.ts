import { graphql, type ResultOf } from '../../lib/graphql.ts';

export const TAG = graphql(`
  fragment ShownTag on Tag {
    name
    createdBy
    canRemove
  }
`);

export const NOTE = graphql(`
  fragment ShownNote on Note {
    id
    text
    createdBy
    updatedAt
    isOwn
    canDelete
  }
`);

export type ShownTag = ResultOf<typeof TAG>;
export type ShownNote = ResultOf<typeof NOTE>;

export const ADD_TAGS = graphql(`
  mutation AddTags($id: ID!, $tags: [String!]!) {
    addTags(input: { id: $id, tags: $tags }) {
      tags {
        name
      }
    }
  }
`);

export const REMOVE_TAGS = graphql(`
  mutation RemoveTags($id: ID!, $tags: [String!]!) {
    removeTags(input: { id: $id, tags: $tags }) {
      tags {
        name
      }
    }
  }
`);

export const SET_NOTE = graphql(`
  mutation SetNote($id: ID!, $text: String!) {
    setNote(input: { id: $id, text: $text }) {
      note {
        id
      }
    }
  }
`);

export const DELETE_NOTE = graphql(`
  mutation DeleteNote($id: ID!) {
    deleteNote(input: { id: $id }) {
      deletedNoteId
    }
  }
`);
