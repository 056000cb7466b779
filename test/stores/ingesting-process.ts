/** The child of killed-process.test.ts: records batch after batch in the folder given, and prints each once it is acknowledged. */
import { IngestionService } from '../../src/services/ingestion';
import { openDatabase } from '../../src/stores/open';

export const BATCH_ROWS = 600;

async function main(): Promise<void> {
  const [dataDir, first] = process.argv.slice(2);
  const service = new IngestionService(await openDatabase({ dataDir }));
  for (let batch = Number(first); ; batch++) {
    const records = Array.from({ length: BATCH_ROWS }, (_, row) => ({
      eventId: `${batch}-${row}`,
      userId: `user-${row}`,
      itemId: `item-${batch}`,
      action: 'play',
      occurredAt: new Date(Date.UTC(2026, 0, 1) + row),
    }));
    await service.record('interactions', records);
    process.stdout.write(`${batch}\n`);
  }
}

if (require.main === module)
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
