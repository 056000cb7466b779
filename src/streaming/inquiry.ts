/**
 * Asks something that may be slow or silent, for many who want to know: once at a time, no more often than an answer is fresh, and
 * nobody waits longer than a moment. So whoever looks on (a probe, a scrape, a query) never piles up on what is in trouble.
 */

export interface InquiryOptions {
  /** How long an answer holds; a failure too. @default 1_000 */
  maxAgeMillis?: number;
  /** How long anybody waits. @default 2_000 */
  waitMillis?: number;
  /** A question that has been open for so long is given up: its connection may be dead without a sign. @default 30_000 */
  patienceMillis?: number;
}

export type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'failure'; readonly error: unknown }
  /** None within the time; the question stays open, for who asks later. */
  | { readonly kind: 'silence'; readonly waitedMillis: number };

interface Question<T> {
  readonly answer: Promise<Answer<T>>;
  readonly since: number;
}

export class Inquiry<T> {
  private readonly options: Required<InquiryOptions>;
  private known?: { answer: Answer<T>; at: number };
  private open?: Question<T>;

  constructor(
    private readonly ask: () => Promise<T>,
    { maxAgeMillis = 1_000, waitMillis = 2_000, patienceMillis = 30_000 }: InquiryOptions = {},
  ) {
    this.options = { maxAgeMillis, waitMillis, patienceMillis };
  }

  /** Never rejects. */
  async answer(): Promise<Answer<T>> {
    const { maxAgeMillis, waitMillis } = this.options;
    if (this.known && Date.now() - this.known.at < maxAgeMillis) return this.known.answer;
    const { answer, since } = this.question();
    // Who comes late to a question that has been open for long does not wait anew.
    const left = Math.max(0, since + waitMillis - Date.now());
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<Answer<T>>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'silence', waitedMillis: waitMillis }), left);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  private question(): Question<T> {
    if (this.open && Date.now() - this.open.since < this.options.patienceMillis) return this.open;
    const question: Question<T> = {
      since: Date.now(),
      answer: this.inquire().then((answer) => {
        // An answer to a question that was given up comes too late to tell anything.
        if (this.open === question) {
          this.known = { answer, at: Date.now() };
          this.open = undefined;
        }
        return answer;
      }),
    };
    this.open = question;
    return question;
  }

  private async inquire(): Promise<Answer<T>> {
    try {
      return { kind: 'answer', value: await this.ask() };
    } catch (error) {
      return { kind: 'failure', error };
    }
  }
}
