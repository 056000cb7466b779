/**
 * The errors that Kindred raises on purpose. Each has a stable `code` (catalogued in docs/errors.md, which a test
 * holds against this file), the facts as fields, and one sentence that says what to do about it. Decide by class or
 * code, never by message.
 */

export const ERROR_CODES = [
  'BAD_USER_INPUT',
  'BAD_CONFIGURATION',
  'CANCELLED',
  'DATA_DIR_LOCKED',
  'DATABASE_UNAVAILABLE',
  'EMPTY_CORPUS',
  'ENCODER_FAILED',
  'ENVIRONMENT_UNFIT',
  'HISTORY_TOO_LARGE',
  'KAFKA_REFUSED',
  'KAFKA_TOPIC_MISSING',
  'KAFKA_UNAVAILABLE',
  'KAFKA_UNREADABLE',
  'MIGRATION_FAILED',
  'MODEL_CORRUPT',
  'MODEL_NOT_FOUND',
  'MODEL_NOT_READY',
  'MODEL_TOO_LARGE',
  'NOTHING_ACCEPTED',
  'NOT_FOUND',
  'OPTION_INVALID',
  'PORT_IN_USE',
  'PROMOTION_REFUSED',
  'SHAPE_MISMATCH',
  'SOURCE_UNREADABLE',
  'STREAM_POSITION_LOST',
  'STREAM_POSITION_MOVED',
  'TRAINING_BUSY',
  'TRAINING_FAILED',
  'UNANSWERED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** Path of the input field at fault, as the caller wrote it: `events[3].occurredAt`. */
  field?: string;
  /** One sentence: what the reader can do about it. */
  remedy?: string;
  /** Facts for the log and for machines. */
  facts?: Readonly<Record<string, unknown>>;
  cause?: unknown;
  /** Whether the same call may succeed later without a change. @default false */
  retriable?: boolean;
}

export class KindredError extends Error {
  readonly field?: string;
  readonly remedy?: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly retriable: boolean;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.field = details.field;
    this.remedy = details.remedy;
    this.facts = Object.freeze({ ...details.facts });
    this.retriable = details.retriable ?? false;
  }
}

/** A value that a caller gave is wrong; `field` says which. */
export class InputError extends KindredError {
  constructor(field: string, message: string, details: Omit<ErrorDetails, 'field'> = {}) {
    super('BAD_USER_INPUT', message, { ...details, field });
  }
}

/** A trainer option is unknown, out of range or contradicts another. */
export class OptionError extends KindredError {
  constructor(option: string, message: string, details: Omit<ErrorDetails, 'field'> = {}) {
    super('OPTION_INVALID', message, { ...details, field: option });
  }
}

/** A space has no live model, so the question cannot be answered yet. */
export class ModelNotReadyError extends KindredError {
  constructor(
    readonly space: string,
    remedy = 'Train one and promote it: kindred train <trainer> --promote',
  ) {
    super('MODEL_NOT_READY', `Space "${space}" has no live model.`, {
      remedy,
      facts: { space },
      retriable: true,
    });
  }
}

/** A caller asked for the work to stop, and it stopped. */
export class CancelledError extends KindredError {
  constructor(what: string) {
    super('CANCELLED', `${what} was cancelled.`);
  }
}

/** How a log tells an error: one that Kindred foresaw by its code and reason, any other whole. */
export function errorFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof KindredError) || !error.retriable) return { err: error };
  const { code, message: reason, remedy } = error;
  return { code, reason, remedy };
}
