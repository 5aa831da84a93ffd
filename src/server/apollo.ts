import { ApolloServer } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { UserError } from '../domain/errors.js';
import { carryThrough } from '../entities/index.js';
import type { Context } from '../resolvers/index.js';
import { assertConditions } from '../schema/filter-conditions.js';
import { LIMIT_RULES, LIMITS, operationCost } from '../schema/limits.js';
import { stringifyAnswer } from '../schema/raw-json.js';
import { masked, presentError, RETRY_AFTER_S, STATUS } from './errors.js';
import { currentRequest } from './logging.js';
import type { Metrics } from './metrics.js';
import { httpRefusal, rateHeaders } from './rate-limit.js';
import type { TokenLimits } from './token-limits.js';

/** GraphQL over HTTP. */
export function createApollo(
  schema: GraphQLSchema,
  limits: TokenLimits,
  metrics: Metrics,
  logger: Logger,
): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    validationRules: LIMIT_RULES,
    parseOptions: { maxTokens: LIMITS.tokens },
    logger,
    stringifyResult: stringifyAnswer,
    formatError: (_formatted, error) =>
      error instanceof GraphQLError ? presentError(error, logger) : masked(error, logger),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // Each of these wraps every resolver, and nothing here uses what they find out; nothing is reported to anybody.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      observing(metrics),
      charging(limits),
      carryingChangesThrough,
      sayingWhatIsAway,
      rawListsPlugin,
    ],
  });
}

const NOT_A_STREAM =
  'A subscription needs a connection that stays open: WebSocket (graphql-transport-ws), or a request with "Accept: text/event-stream" or "Accept: multipart/mixed;subscriptionSpec=1.0".';

/** Charges each operation to the token's quota, once it is known what it costs and before it does anything. */
function charging(limits: TokenLimits): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ schema, document, operation, request, response, contextValue }) => {
        let points: number;
        try {
          if (operation?.operation === 'subscription') throw new UserError('BAD_USER_INPUT', NOT_A_STREAM);
          assertConditions(schema, document, request.variables, request.operationName);
          points = operationCost(schema, document, request.variables, request.operationName);
        } catch (error) {
          throw badRequest(error);
        }
        const { viewer, platform } = contextValue;
        const { quotas } = platform;
        if (!quotas) return;
        const shares = limits.standing(viewer.tokenId);
        try {
          const standing = await quotas.spend(viewer.tokenId, points, `this ${operation?.operation ?? 'request'}`);
          for (const [name, value] of rateHeaders(standing, shares)) response.http.headers.set(name, value);
        } catch (error) {
          throw httpRefusal(error, quotas.standing(viewer.tokenId), shares);
        }
      },
    }),
  };
}

/** An answer that holds nothing because something is away is a 503 that says when to ask again, as it is outside GraphQL. */
const sayingWhatIsAway: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body, http } }) => {
      if (body.kind !== 'single') return;
      const { data, errors } = body.singleResult;
      const nothing = !data || Object.values(data).every((value) => value === null);
      if (!nothing || !errors?.some(({ extensions }) => extensions?.['code'] === 'UNAVAILABLE')) return;
      http.status = STATUS.UNAVAILABLE;
      http.headers.set('retry-after', String(RETRY_AFTER_S));
    },
  }),
};

/** Whoever asks for a change and leaves may not know whether it arrived: it is made whole. */
const carryingChangesThrough: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation === 'mutation') carryThrough();
    },
  }),
};

/** A fault that is found before anything runs answers with HTTP 400, as one in the document does. */
function badRequest(error: unknown): unknown {
  if (!(error instanceof UserError || error instanceof GraphQLError)) return error;
  const status = error instanceof UserError ? STATUS[error.code] : STATUS.BAD_USER_INPUT;
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { status } } });
}

/** Puts what the database wrote as text into the answer. */
const rawListsPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body }, contextValue }) => {
      if (body.kind === 'single') contextValue.rawLists?.putInto(body.singleResult);
    },
  }),
};

/** Tells the log and the metrics which operation a request was. */
function observing(metrics: Metrics): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => {
      const began = performance.now();
      let kind = 'unknown';
      return {
        didResolveOperation: async ({ operation, operationName }) => {
          if (!operation) return;
          kind = operation.operation;
          const request = currentRequest();
          if (request) request.operation = { kind, name: operationName };
        },
        willSendResponse: async ({ errors }) => {
          const outcome = errors?.length ? 'error' : 'ok';
          metrics.operation({ kind, transport: 'http', outcome }, (performance.now() - began) / 1_000);
        },
      };
    },
  };
}
