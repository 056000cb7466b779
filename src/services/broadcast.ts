/** Tells whoever listens. A listener that falls far behind loses the oldest news, not the sender's memory. */

const MAX_BEHIND = 1_000;

interface Listener<News> {
  waiting: News[];
  wake: () => void;
}

export class Broadcast<News> {
  private readonly listeners = new Set<Listener<News>>();
  private closed = false;

  publish(news: News): void {
    for (const listener of this.listeners) {
      listener.waiting.push(news);
      if (listener.waiting.length > MAX_BEHIND) listener.waiting.shift();
      listener.wake();
    }
  }

  /** From the call on, until the listener returns or `close`. */
  listen(): AsyncGenerator<News> {
    const listener: Listener<News> = { waiting: [], wake: () => undefined };
    this.listeners.add(listener);
    return this.follow(listener);
  }

  /** Ends every listener's stream. */
  close(): void {
    this.closed = true;
    for (const listener of this.listeners) listener.wake();
  }

  private follow(listener: Listener<News>): AsyncGenerator<News> {
    const { listeners } = this;
    const isClosed = () => this.closed;
    const end = (): Promise<IteratorResult<News>> => {
      listeners.delete(listener);
      listener.wake();
      return Promise.resolve({ done: true, value: undefined });
    };
    const next = async (): Promise<IteratorResult<News>> => {
      while (listener.waiting.length === 0) {
        if (isClosed() || !listeners.has(listener)) return end();
        await new Promise<void>((resolve) => {
          listener.wake = resolve;
        });
      }
      return { done: false, value: listener.waiting.shift()! };
    };
    // Not a generator function: one that waits for news could not be returned from until news came.
    return {
      next,
      return: end,
      throw: end,
      [Symbol.asyncIterator]() {
        return this;
      },
      async [Symbol.asyncDispose]() {
        await end();
      },
    } as AsyncGenerator<News>;
  }
}
