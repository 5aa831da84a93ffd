import type { Server as HttpServer } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { GraphQLError } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../resolvers/index.js';
import { costError, LIMIT_RULES, LIMITS } from '../schema/limits.js';
import { compiledQuery } from './compiled-queries.js';
import { masked, presentError } from './errors.js';

/** GraphQL over HTTP. */
export function createApollo(schema: GraphQLSchema, httpServer: HttpServer, logger: Logger): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    validationRules: LIMIT_RULES,
    parseOptions: { maxTokens: LIMITS.tokens },
    logger,
    formatError: (_formatted, error) =>
      error instanceof GraphQLError ? presentError(error, logger) : masked(error, logger),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // Each of these wraps every resolver, and nothing here uses what they find out; nothing is reported to anybody.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: 5_000 }),
      costPlugin,
      compiledQueryPlugin,
    ],
  });
}

const costPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ schema, document, request }) => {
      const refusal = costError(schema, document, request.variables, request.operationName);
      if (refusal) throw refusal;
    },
  }),
};

const compiledQueryPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    responseForOperation: async ({ schema, document, request, contextValue }) => {
      const query = compiledQuery(schema, document, request.operationName);
      const data = await query?.(contextValue, request.variables ?? {});
      if (data === undefined) return null;
      return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult: { data } } };
    },
  }),
};
