/** Asks a running server as a client would: over HTTP, and over a WebSocket. */
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape that the query asked for
  data?: any;
  errors?: {
    message: string;
    path?: (string | number)[];
    extensions: { code: string; field?: string; remedy?: string };
  }[];
  /** As it came. */
  text: string;
}

export class GraphQLClient {
  constructor(readonly url: string) {}

  ask(query: string, variables?: Record<string, unknown>): Promise<Answer> {
    return this.post(JSON.stringify({ query, variables }));
  }

  async post(body: string, contentType = 'application/json'): Promise<Answer> {
    const response = await fetch(this.url, { method: 'POST', headers: { 'content-type': contentType }, body });
    const text = await response.text();
    return { status: response.status, text, ...JSON.parse(text) };
  }

  /** The news of a subscription until it ends, or until `enough` says so. */
  async follow(query: string, enough: (news: never[]) => boolean = () => false): Promise<{ data?: never }[]> {
    const client: Client = createClient({
      url: this.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const news: never[] = [];
    try {
      for await (const item of client.iterate({ query })) {
        news.push(item as never);
        if (enough(news)) break;
      }
      return news;
    } finally {
      await client.dispose();
    }
  }
}
