/** Subscriptions over graphql-ws on the HTTP server's own port and path. */
import type { IncomingMessage, Server } from 'node:http';
import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Context } from './resolvers/context';
import { type ReportFailure, toClientError, toGraphQLError } from './resolvers/graphql-errors';
import { checkLimits, LIMITS } from './resolvers/limits';

export interface SubscriptionSettings {
  schema: GraphQLSchema;
  path: string;
  validationRules: readonly ValidationRule[];
  context: () => Context;
  report: ReportFailure;
}

/** A subscription is a few lines of query. */
const MAX_MESSAGE_BYTES = 256 * 1024;

export function openSubscriptions(server: Server, settings: SubscriptionSettings): { close(): Promise<void> } {
  const { schema, path, validationRules, context, report } = settings;
  const sockets = new WebSocketServer({
    server,
    path,
    maxPayload: MAX_MESSAGE_BYTES,
    verifyClient: ({ origin, req }: { origin?: string; req: IncomingMessage }) => isOwnPage(origin, req.headers.host),
  });
  const format = (errors: readonly GraphQLError[]) => errors.map((error) => formatError(error, report));
  const handle = useServer(
    {
      schema,
      context,
      onSubscribe: (_context, _id, { query, variables, operationName }) => {
        try {
          const document = parse(query, { maxTokens: LIMITS.tokens });
          const errors = validate(schema, document, [...specifiedRules, ...validationRules]);
          if (errors.length > 0) return errors;
          const operation = getOperationAST(document, operationName);
          if (operation) checkLimits(document, operation, variables ?? {});
          const contextValue = context();
          return { schema, document, operationName, variableValues: variables, contextValue } as ExecutionArgs;
        } catch (error) {
          return [asGraphQLError(error)];
        }
      },
      onError: (_context, _id, _payload, errors) => format(errors as GraphQLError[]),
      onNext: (_context, _id, _payload, _args, result: ExecutionResult) =>
        result.errors ? { ...result, errors: format(result.errors) as never } : undefined,
    },
    sockets,
  );
  return { close: async () => void (await handle.dispose()) };
}

/**
 * Browsers let any page open a WebSocket to this machine, and say which page it was; other clients say nothing. Over HTTP
 * a foreign page is stopped by the content type that it cannot send.
 */
function isOwnPage(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

function asGraphQLError(error: unknown): GraphQLError {
  // GraphQL's parser calls itself for what is nested.
  if (error instanceof RangeError) return new GraphQLError('The query is nested too deeply to be read.');
  return error as GraphQLError;
}

function formatError(error: GraphQLError, report: ReportFailure): GraphQLFormattedError {
  const cause = error.originalError ?? error;
  // Without a cause of its own it is GraphQL's complaint about the request.
  if (cause === error && error.name === 'GraphQLError')
    return toGraphQLError(
      { code: String(error.extensions.code ?? 'BAD_USER_INPUT'), message: error.message },
      error.toJSON(),
    );
  return toGraphQLError(toClientError(cause, report), { locations: error.locations, path: error.path });
}
