/**
 * The one place where errors become what GraphQL clients see: a stable code, a sentence that is safe to show, the path of
 * the field at fault, and a remedy. Everything else about a failure is for the log.
 */
import type { GraphQLFormattedError } from 'graphql';
import { type ErrorCode, KindredError } from '../errors';

export interface ClientError {
  code: string;
  message: string;
  field?: string;
  remedy?: string;
  retriable?: boolean;
}

/** Called with what no client caused, in full. */
export type ReportFailure = (error: unknown) => void;

/** Codes whose sentences say only what the client did or may know. */
const TOLD_AS_THEY_ARE: ReadonlySet<ErrorCode> = new Set([
  'BAD_USER_INPUT',
  'CANCELLED',
  'EMPTY_CORPUS',
  'MODEL_NOT_FOUND',
  'MODEL_NOT_READY',
  'NOT_FOUND',
  'PROMOTION_REFUSED',
  'TRAINING_BUSY',
]);

/** SQLSTATE class 22: a value that the database cannot hold or compare, such as half of a surrogate pair in JSON. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;

export function toClientError(error: unknown, report: ReportFailure): ClientError {
  if (error instanceof KindredError) {
    const { code, message, field, remedy, retriable } = error;
    if (code === 'OPTION_INVALID') return { code: 'BAD_USER_INPUT', message, field: `input.options.${field}`, remedy };
    if (TOLD_AS_THEY_ARE.has(code)) return { code, message, field, remedy, ...(retriable && { retriable }) };
    report(error);
    if (code === 'DATABASE_UNAVAILABLE')
      return { code, message: 'The database cannot be used right now.', remedy: 'Try again later.', retriable: true };
    if (code === 'ENCODER_FAILED')
      return { code, message: 'The model failed before it had answered.', remedy: 'Try again.', retriable: true };
    if (code === 'MODEL_TOO_LARGE')
      return { code, message, remedy: 'Ask another version or space; the server needs more memory for this one.' };
    return internal();
  }
  if (DATA_EXCEPTION.test(String((error as { code?: unknown })?.code)))
    return { code: 'BAD_USER_INPUT', message: 'A value in the request cannot be stored or compared.' };
  report(error);
  return internal();
}

function internal(): ClientError {
  return { code: 'INTERNAL_SERVER_ERROR', message: 'Something failed on the server; its log says what.' };
}

/** In GraphQL's form. `formatted` gives where in the query and in the answer it happened. */
export function toGraphQLError(
  { code, message, ...rest }: ClientError,
  formatted: Pick<GraphQLFormattedError, 'locations' | 'path'> = {},
): GraphQLFormattedError {
  const { locations, path } = formatted;
  return {
    message,
    ...(locations && { locations }),
    ...(path && { path }),
    extensions: { code, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) },
  };
}
