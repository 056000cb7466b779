/** Tries a transaction again where trying again is all that Postgres asks for. */

const ATTEMPTS = 5;
/** Two writers that wait for each other's keys: Postgres ends one of them, which may simply try again. */
const DEADLOCK_OR_SERIALIZATION: ReadonlySet<string> = new Set(['40P01', '40001']);

/** The SQLSTATE of an error that Postgres raised. */
export const sqlState = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

/** @param also SQLSTATEs beyond deadlocks after which `work` may come out differently */
export async function withRetries<T>(work: () => Promise<T>, also: readonly string[] = []): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const code = sqlState(error) ?? '';
      if (attempt === ATTEMPTS || !(DEADLOCK_OR_SERIALIZATION.has(code) || also.includes(code))) throw error;
    }
  }
}
