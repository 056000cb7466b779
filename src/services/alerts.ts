/** Alerts: what was raised so far, newest first, and what is raised from now on by this process. */

import type { PageRequest } from '../domain/answers';
import type { Alert, AlertStatus } from '../domain/fraud';
import type { Database } from '../stores/database';
import { alertPage } from '../stores/scores';
import type { Broadcast } from './broadcast';
import { decodeTimeCursor, encodeTimeCursor, pageSize } from './paging';

export interface AlertPage {
  entries: { cursor: string; node: Alert }[];
  hasNextPage: boolean;
}

export class Alerts {
  constructor(
    private readonly database: Database,
    private readonly raised: Broadcast<Alert>,
  ) {}

  /** @throws InputError */
  async page({ first, after, status }: PageRequest & { status?: AlertStatus }): Promise<AlertPage> {
    const size = pageSize(first);
    const position = after === undefined ? undefined : decodeTimeCursor(after);
    const alerts = await alertPage(this.database, { limit: size + 1, after: position, status });
    return {
      entries: alerts.slice(0, size).map((node) => ({ cursor: encodeTimeCursor(node), node })),
      hasNextPage: alerts.length > size,
    };
  }

  stream(): AsyncGenerator<Alert> {
    return this.raised.listen();
  }
}
