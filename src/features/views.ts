/** What a feature may ask of an account's and a merchant's past, as it was before one transaction. */

/** Amounts over the windows of WINDOW_DAYS; a window is named by its index there. */
export interface AmountView {
  count(window: number): number;
  /** In the currency. */
  sum(window: number): number;
  /** Mean amount; undefined for an empty window. */
  mean(window: number): number | undefined;
  /** Sample standard deviation over the longest window; undefined for fewer than two rows. */
  readonly deviation: number | undefined;
  /** Largest amount of the longest window; undefined for an empty one. */
  readonly largest: number | undefined;
  /** When the newest row happened; undefined where none is inside the longest window. */
  readonly lastTime: number | undefined;
}

/** Over windows that end a label delay ago. */
export interface FraudView {
  /** Labels known for the transactions of a window. */
  known(window: number): number;
  /** Share of frauds among them; 0 where no label is known. */
  rate(window: number): number;
}

export interface AccountView {
  readonly amounts: AmountView;
  /** Whether the account paid at this merchant within the longest window before `now`. */
  hasPaidAt(merchantId: string, now: number): boolean;
}

export interface MerchantView {
  readonly amounts: AmountView;
  readonly frauds: FraudView;
}
