/** Stands between a client and a server, so that a test can cut the line, or leave it open and silent, and mend it. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpRelay {
  private readonly sockets = new Set<Socket>();
  private frozen = false;
  private server?: Server;
  port = 0;

  constructor(private readonly to: { host: string; port: number }) {}

  async open(): Promise<void> {
    this.server = createServer((client) => {
      const upstream = connect(this.to);
      for (const [from, into] of [
        [client, upstream],
        [upstream, client],
      ]) {
        this.sockets.add(from);
        from.pipe(into);
        if (this.frozen) from.pause();
        // A line that is cut is what the test wants; whoever was talking is told by its own end of it.
        from.on('error', () => into.destroy());
        from.on('close', () => {
          this.sockets.delete(from);
          into.destroy();
        });
      }
    }).listen(this.port, '127.0.0.1');
    await new Promise((resolve) => this.server?.once('listening', resolve));
    this.port = (this.server.address() as { port: number }).port;
  }

  /** Whoever connects is refused, whoever was connected is cut off. */
  async cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** Connections stand, and nothing comes through. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const socket of this.sockets) socket.resume();
  }
}
