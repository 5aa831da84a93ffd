import { answer, ERRORS, type Json, OPEN, parameter, path, type PathItem, refusals, TEXT } from './parts.js';

/** GraphQL itself, what describes the API, and what tells how the process is. */
export function plainPaths(): Record<string, PathItem> {
  const answered = answer('Data, errors, or both, by GraphQL over HTTP.', GRAPHQL_TYPES, GRAPHQL_ANSWER);
  const refused = refusals(400, 401, 429, 503);
  return {
    '/graphql': path('GraphQL', {
      get: {
        operationId: 'graphqlByQuery',
        summary: 'A query of the GraphQL schema',
        description: 'Needs a header that no plain form sends, such as apollo-require-preflight. Mutations go by POST.',
        parameters: [
          { ...parameter('query', 'query', 'The document.'), required: true },
          parameter('query', 'variables', 'JSON.'),
          parameter('query', 'operationName', 'Which operation of the document.'),
        ],
        responses: { '200': answered, ...refused },
      },
      post: {
        operationId: 'graphql',
        summary: 'An operation of the GraphQL schema, or a subscription by server-sent events or as a multipart stream',
        description: '/schema.graphql has the schema.',
        requestBody: { required: true, content: { 'application/json': { schema: GRAPHQL_REQUEST } } },
        responses: {
          '200': {
            ...answered,
            content: {
              ...(answered['content'] as Json),
              'text/event-stream': { schema: TEXT },
              'multipart/mixed': { schema: TEXT },
            },
          },
          ...refused,
        },
      },
    }),
    '/schema.graphql': path('Descriptions', {
      get: {
        operationId: 'schema',
        summary: 'The GraphQL schema with its descriptions',
        security: OPEN,
        responses: { '200': answer('The schema.', ['application/graphql'], TEXT) },
      },
    }),
    '/openapi.json': path('Descriptions', {
      get: {
        operationId: 'openapi',
        summary: 'This document',
        security: OPEN,
        responses: { '200': answer('This document.', ['application/json'], { type: 'object' }) },
      },
    }),
    '/sign-in': path('Descriptions', {
      get: {
        operationId: 'signIn',
        summary: 'At which identity provider people sign in',
        description: 'The provider is null where tokens of this server are all there is.',
        security: OPEN,
        responses: {
          '200': answer('The provider and the client that programs are there.', ['application/json'], SIGN_IN),
          ...refusals(503),
        },
      },
    }),
    '/health/live': path('Operations', {
      get: {
        operationId: 'live',
        summary: 'Whether the process answers',
        security: OPEN,
        responses: { '200': answer('It does.', ['application/json'], LIVE) },
      },
    }),
    '/health/ready': path('Operations', {
      get: {
        operationId: 'ready',
        summary: 'Whether it can do its work',
        security: OPEN,
        responses: {
          '200': answer('It can.', ['application/json'], READY),
          '503': answer('It cannot, and why; or it is closing.', ['application/json'], READY),
        },
      },
    }),
    '/metrics': path('Operations', {
      get: {
        operationId: 'metrics',
        summary: 'Counts for Prometheus',
        description: 'Open to the machine itself; from elsewhere with the metrics token as bearer.',
        security: [{}, { token: [] }],
        responses: { '200': answer('Metrics.', ['text/plain'], TEXT), ...refusals(401) },
      },
    }),
  };
}

const GRAPHQL_TYPES = ['application/json', 'application/graphql-response+json'];

const GRAPHQL_REQUEST: Json = {
  type: 'object',
  required: ['query'],
  properties: {
    query: { type: 'string' },
    variables: { type: ['object', 'null'] },
    operationName: { type: ['string', 'null'] },
  },
};

const GRAPHQL_ANSWER: Json = {
  type: 'object',
  properties: { data: { type: ['object', 'null'] }, ...(ERRORS['properties'] as Json) },
};

const OPTIONAL_TEXT: Json = { type: ['string', 'null'] };

const SIGN_IN: Json = {
  type: 'object',
  required: ['provider'],
  properties: {
    provider: {
      type: ['object', 'null'],
      required: ['issuer', 'clientId', 'scope'],
      properties: {
        issuer: TEXT,
        clientId: TEXT,
        scope: TEXT,
        resource: OPTIONAL_TEXT,
        authorizationEndpoint: OPTIONAL_TEXT,
        tokenEndpoint: OPTIONAL_TEXT,
        endSessionEndpoint: OPTIONAL_TEXT,
        idTokenAlgorithms: { type: 'array', items: TEXT },
      },
    },
  },
};

const LIVE: Json = {
  type: 'object',
  required: ['status', 'version'],
  properties: { status: { const: 'live' }, version: { type: 'string' } },
};

const READY: Json = {
  type: 'object',
  required: ['status'],
  properties: {
    status: { enum: ['ready', 'not ready', 'closing'] },
    checks: { type: 'object', additionalProperties: { type: 'string' } },
  },
};
