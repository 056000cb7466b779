/** What `kindred doctor` says of one thing that it looked at. */
export interface Finding {
  readonly check: string;
  /** `warn`: works, but not as well as it could. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy?: string;
}
