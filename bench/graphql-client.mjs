/**
 * Asks a GraphQL server as fast as it answers, from a process of its own, over connections that stay open.
 *   node bench/graphql-client.mjs < {"url", "connections", "seconds", "bodies": ["…", …]}
 * Prints {"rate"}: answers a second. An answer with an error in it, or none at all, ends it with a complaint.
 */
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';

const { url, connections, seconds, bodies } = JSON.parse(await text(process.stdin));
let client = 0;
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  verifyBody: (body) => !body.includes('"errors"'),
  // Each connection begins elsewhere, so that no two ask the same at the same time.
  setupClient: (connection) => {
    const start = Math.floor((client++ * bodies.length) / connections);
    connection.setRequests([...bodies.slice(start), ...bodies.slice(0, start)].map((body) => ({ body })));
  },
});
const { errors, timeouts, mismatches, non2xx } = result;
if (errors + timeouts + mismatches + non2xx > 0) {
  console.error(JSON.stringify({ errors, timeouts, mismatches, non2xx }));
  process.exit(1);
}
console.log(JSON.stringify({ rate: result['2xx'] / result.duration }));
