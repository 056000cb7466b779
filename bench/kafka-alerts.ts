/**
 * A process of its own that reads a topic of alerts from now on and writes a line for each: the transaction's id and the time it
 * was seen. Ends when its stdin does.
 *   node -r ./scripts/typescript.cjs bench/kafka-alerts.ts <brokers> <topic>
 */
import { Kafka, logLevel } from 'kafkajs';

async function main([brokers, topic]: readonly string[]): Promise<void> {
  const kafka = new Kafka({ clientId: 'alerts', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${topic}-reader`, allowAutoTopicCreation: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'));
  await consumer.run({
    eachBatch: async ({ batch }) => {
      const seen = Date.now();
      const ids = batch.messages.map(
        ({ value }) => (JSON.parse(String(value)) as { transactionId: string }).transactionId,
      );
      process.stdout.write(ids.map((id) => `${id} ${seen}\n`).join(''));
    },
  });
  process.stdin.resume();
  process.stdin.once('end', () => void consumer.disconnect());
}

void main(process.argv.slice(2));
