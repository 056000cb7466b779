/** The recent past of accounts and merchants, in one round trip with the live pointer of the space that scores. */
import { type LabelledTransaction, SELECT_TRANSACTION, type TransactionRow, toTransaction } from './corpora';
import type { Queryable } from './database';

/** Newest rows read for each account and each merchant: no busier one makes a score wait. */
const MAX_ROWS_EACH = 20_000;

export interface HistoryRequest {
  /** Space whose live model scores. */
  space: string;
  accountIds: readonly string[];
  merchantIds: readonly string[];
  /** [from, to], both included. */
  from: Date;
  to: Date;
}

export interface RecentTransactions {
  liveId?: string;
  byAccount: ReadonlyMap<string, LabelledTransaction[]>;
  byMerchant: ReadonlyMap<string, LabelledTransaction[]>;
}

type HistoryRow = TransactionRow & { side: 'account' | 'merchant' | 'live'; key: string | null };

const NO_TRANSACTION = `NULL::text, NULL::text, NULL::text, NULL::numeric, NULL::text, NULL::timestamptz, NULL::text,
  NULL::text, NULL::text, NULL::jsonb, NULL::boolean, NULL::timestamptz`;

function side(name: 'account' | 'merchant', keys: string): string {
  return `SELECT '${name}', k.id, r.* FROM unnest(${keys}::text[]) k(id) CROSS JOIN LATERAL (${SELECT_TRANSACTION}
    WHERE t.${name}_id = k.id AND t.occurred_at BETWEEN $4 AND $5 ORDER BY t.occurred_at DESC LIMIT ${MAX_ROWS_EACH}) r`;
}

const STATEMENT = `SELECT 'live' AS side, (SELECT model_id FROM live_models WHERE space = $1) AS key, none.* FROM (SELECT ${NO_TRANSACTION})
    none(transaction_id, account_id, merchant_id, amount, currency, occurred_at, category, channel, country, attributes, is_fraud, decided_at)
  UNION ALL ${side('account', '$2')} UNION ALL ${side('merchant', '$3')}`;

export async function recentTransactions(on: Queryable, request: HistoryRequest): Promise<RecentTransactions> {
  const { rows } = await on.query<HistoryRow>(STATEMENT, [
    request.space,
    request.accountIds,
    request.merchantIds,
    request.from,
    request.to,
  ]);
  let liveId: string | undefined;
  const byAccount = new Map<string, LabelledTransaction[]>();
  const byMerchant = new Map<string, LabelledTransaction[]>();
  for (const row of rows) {
    if (row.side === 'live') liveId = row.key ?? undefined;
    else append(row.side === 'account' ? byAccount : byMerchant, row.key!, toTransaction(row));
  }
  return { liveId, byAccount, byMerchant };
}

function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
