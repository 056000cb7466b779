/** Once after all faults: drops the database that they were copied from. */
import { Client } from 'pg';
import { TEMPLATE_VARIABLE } from './set-up';

export default async function tearDown(): Promise<void> {
  const name = process.env[TEMPLATE_VARIABLE];
  if (!name) return;
  const client = new Client({ connectionString: process.env.KINDRED_TEST_DATABASE_URL });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
