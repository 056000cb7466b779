/** Tells a database that cannot be reached from SQL that it refused. Only the first becomes an error of Kindred's own. */
import { isNativeError } from 'node:util/types';
import { KindredError } from '../errors';

/** Node's network errors, and SQLSTATE classes 08 (connection), 57P (shut down), 25P03 (ended while idle), 28 (not let in), 3D (no such database). */
const UNREACHABLE = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|08|57P|25P03|28|3D000|53300)/;
const BROKEN_CONNECTION =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|The server does not support SSL|The thread of the embedded store ended|Cannot use a pool after calling end)/;

export function asDatabaseError(error: unknown): unknown {
  // Not instanceof Error: the driver's errors may come from another realm.
  if (!isNativeError(error) || error instanceof KindredError) return error;
  // Several addresses of one host that all refuse come as an AggregateError without a message.
  const inner = ((error as AggregateError).errors?.[0] as Error | undefined) ?? error;
  const code = (inner as { code?: unknown }).code;
  const unreachable = (typeof code === 'string' && UNREACHABLE.test(code)) || BROKEN_CONNECTION.test(inner.message);
  if (!unreachable) return error;
  return new KindredError('DATABASE_UNAVAILABLE', `The database cannot be used: ${inner.message}`, {
    remedy: 'Check that Postgres runs and that DATABASE_URL names its host, port, user, password and database.',
    facts: { code },
    cause: error,
    retriable: true,
  });
}

/**
 * By which Postgres refuses values, whoever asks and however often: class 22 (data), a NULL or a CHECK that forbids it, and 54000
 * (an index entry that is too long). References and unique keys are not among them: those are between rows, not in one.
 */
const REFUSED_VALUE = /^(22[0-9A-Z]{3}|23502|23514|54000)$/;

/** The database's own words, where it is a value that it refuses; undefined for any other failure. */
export function refusedValue(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && REFUSED_VALUE.test(code) ? String(message) : undefined;
}

/** Whether a statement names a table that is not there: its version was dropped. */
export const undefinedTable = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === '42P01';
