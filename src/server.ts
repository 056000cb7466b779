/**
 * GraphQL over HTTP and WebSocket: Apollo on fastify, graphql-ws for subscriptions, the same limits and the same errors on
 * both. Also /livez (the process answers; asks nothing of anybody), /readyz (whether to give it work) and /metrics.
 */
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Logger } from 'pino';
import { errorFacts, KindredError } from './errors';
import type { Metrics } from './metrics';
import type { Readiness } from './readiness';
import { type Context, createContext } from './resolvers/context';
import { type ReportFailure, toClientError, toGraphQLError } from './resolvers/graphql-errors';
import { graphqlSchema } from './resolvers/graphql-schema';
import { literalPath, variablePath } from './resolvers/input-paths';
import { checkLimits, LIMITS } from './resolvers/limits';
import type { Services } from './services/services';
import { openSubscriptions } from './subscriptions';

export const GRAPHQL_PATH = '/graphql';

export interface ServerSettings {
  host: string;
  /** 0 asks the system for a free port. */
  port: number;
  services: Services;
  readiness: Readiness;
  metrics: Metrics;
  log: Logger;
}

export interface RunningServer {
  /** Of the GraphQL endpoint. */
  url: string;
  /** Lets requests under way end, and ends subscriptions. */
  stop(): Promise<void>;
}

/** Browsers on this machine may look at the schema; a server that others reach does not show it. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

export async function startServer({
  host,
  port,
  services,
  readiness,
  metrics,
  log,
}: ServerSettings): Promise<RunningServer> {
  const report = failureReporter(log);
  const schema = graphqlSchema();
  const introspection = LOOPBACK.test(host);
  const app = httpServer(log);
  const apollo = apolloServer(schema, { app, introspection, report, log, metrics });
  await apollo.start();
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    handler: fastifyApolloHandler(apollo, { context: async () => createContext(services) }),
  });
  addProbes(app, readiness, metrics);
  const subscriptions = openSubscriptions(app.server, {
    schema,
    path: GRAPHQL_PATH,
    validationRules: introspection ? [] : [NoSchemaIntrospectionCustomRule],
    context: () => createContext(services, false),
    report,
  });
  await app.listen({ host, port });
  const address = app.server.address();
  const boundPort = typeof address === 'object' && address ? address.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}${GRAPHQL_PATH}`;
  log.info({ url }, 'GraphQL is served');
  return {
    url,
    stop: async () => {
      await subscriptions.close();
      await apollo.stop();
    },
  };
}

/**
 * Tells the log of failed requests: each failure once, however many fields of an answer it took along; an outage that Kindred foresaw
 * as a line now and then, since every request meets it.
 */
function failureReporter(log: Logger): ReportFailure {
  const told = new WeakSet<object>();
  let untold = 0;
  let tellAt = 0;
  return (error) => {
    if (typeof error === 'object' && error !== null) {
      if (told.has(error)) return;
      told.add(error);
    }
    if (!(error instanceof KindredError && error.retriable)) log.error({ err: error }, 'a request failed');
    else if (Date.now() < tellAt) untold++;
    else {
      tellAt = Date.now() + OUTAGE_TOLD_MILLIS;
      log.error({ ...errorFacts(error), ...(untold > 0 && { before: untold }) }, 'requests fail');
      untold = 0;
    }
  };
}

const OUTAGE_TOLD_MILLIS = 10_000;

function addProbes(app: FastifyInstance, readiness: Readiness, { registry }: Metrics): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const parts = await readiness.parts();
    const waiting = parts.filter(({ ready }) => !ready);
    const status = waiting.length === 0 ? 'ok' : `not ready: ${waiting.map(({ part }) => part).join(', ')}`;
    return reply.code(waiting.length === 0 ? 200 : 503).send({ status, parts });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
}

function httpServer(log: Logger): FastifyInstance {
  const app = fastify({ loggerInstance: log.child({ part: 'http' }, { level: 'warn' }), bodyLimit: LIMITS.bodyBytes });
  // What fastify refuses before GraphQL sees it: a body that is no JSON (NaN among others), or too large.
  app.setErrorHandler((error: { statusCode?: number; code?: string; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'a request failed');
    const known = REFUSALS[error.code ?? ''];
    const told =
      known ?? (status < 500 ? 'The request cannot be read.' : 'Something failed on the server; its log says what.');
    const code = status < 500 ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
    return reply.code(status).send({ errors: [toGraphQLError({ code, message: told, field: 'body' })] });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ errors: [toGraphQLError({ code: 'NOT_FOUND', message: `GraphQL is at ${GRAPHQL_PATH}.` })] }),
  );
  return app as unknown as FastifyInstance;
}

/** By fastify's code. */
const REFUSALS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_BODY_TOO_LARGE: `The body is larger than ${LIMITS.bodyBytes / 1024 / 1024} MB.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body must be application/json.',
};

function apolloServer(
  schema: GraphQLSchema,
  {
    app,
    introspection,
    report,
    log,
    metrics,
  }: { app: FastifyInstance; introspection: boolean; report: ReportFailure; log: Logger; metrics: Metrics },
): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: LIMITS.tokens },
    formatError: (formatted, error) => formatError(formatted, error, report),
    // Apollo's own plugin for Cache-Control wraps each field of each answer, to find that none may be cached.
    plugins: [
      metrics.graphqlPlugin,
      fastifyApolloDrainPlugin(app),
      inputChecks,
      noStore,
      ApolloServerPluginCacheControlDisabled(),
    ],
    logger: log.child({ part: 'graphql' }, { level: 'warn' }),
  });
}

/** Limits of a request, and the paths of values that GraphQL itself refused. */
const inputChecks: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ document, operation, request }) {
        if (operation) refuse(() => checkLimits(document, operation, request.variables ?? {}));
      },
      async didEncounterErrors({ errors, document, schema, request }) {
        if (!document) return;
        for (const error of errors) {
          const field =
            literalPath(error, document) ??
            variablePath(error, { document, schema, variables: request.variables ?? {} });
          if (field !== undefined) Object.assign(error.extensions, { code: 'BAD_USER_INPUT', field });
        }
      },
    };
  },
};

/** What is alike today need not be so tomorrow: no answer is kept on its way. */
const noStore: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response }) {
        response.http.headers.set('cache-control', 'no-store');
      },
    };
  },
};

/** Before resolvers run, Apollo takes only GraphQL's own errors for refusals. */
function refuse(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof KindredError)) throw error;
    const { message, extensions } = toGraphQLError(toClientError(error, () => undefined));
    throw new GraphQLError(message, { extensions: { ...extensions, http: { status: 400 } } });
  }
}

/** GraphQL's own complaints about a request are told as they are; what resolvers throw goes through the one map of errors. */
function formatError(formatted: GraphQLFormattedError, error: unknown, report: ReportFailure): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const { code, field, remedy } = (formatted.extensions ?? {}) as Record<string, string | undefined>;
  const isGraphQLs = cause === error || (cause as Error).name === 'GraphQLError';
  // GraphQL's parser calls itself for what is nested.
  if (code === 'GRAPHQL_PARSE_FAILED' && formatted.message.includes('call stack'))
    return toGraphQLError({ code, message: 'The query is nested too deeply to be read.' });
  if (isGraphQLs && code && code !== 'INTERNAL_SERVER_ERROR')
    return toGraphQLError({ code, message: formatted.message, field, remedy }, formatted);
  return toGraphQLError(toClientError(cause, report), formatted);
}
