/** Errors on their way between threads: structured clone keeps a message but loses the class, code and remedy. */
import {
  CancelledError,
  type ErrorCode,
  type ErrorDetails,
  InputError,
  KindredError,
  ModelNotReadyError,
  OptionError,
} from '../errors';

export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Only Kindred's own errors have one. */
  readonly code?: ErrorCode;
  readonly details?: Omit<ErrorDetails, 'cause'>;
}

export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  if (!(error instanceof KindredError)) return { name, message, stack };
  const { code, field, remedy, facts, retriable } = error;
  // Facts may hold anything; what cannot be posted is left behind rather than losing the error.
  const plainFacts = JSON.parse(JSON.stringify(facts)) as Record<string, unknown>;
  return { name, message, stack, code, details: { field, remedy, facts: plainFacts, retriable } };
}

/** The same error in this thread. One that is not Kindred's own becomes TRAINING_FAILED with the original as its cause. */
export function reviveError(described: ErrorDescription, what: string): KindredError {
  const { name, message, stack, code, details } = described;
  if (code === undefined) {
    const cause = Object.assign(new Error(message), { name, stack });
    return new KindredError('TRAINING_FAILED', `${what} failed: ${message}`, {
      remedy: 'The cause is in the log; if it says nothing, report it with the options of the run.',
      cause,
    });
  }
  const revived = new KindredError(code, message, details);
  const prototype = CLASSES[name]?.prototype;
  if (prototype) Object.setPrototypeOf(revived, prototype);
  return Object.assign(revived, { name, stack: stack ?? revived.stack });
}

const CLASSES: Record<string, { readonly prototype: KindredError } | undefined> = {
  CancelledError,
  InputError,
  ModelNotReadyError,
  OptionError,
};
