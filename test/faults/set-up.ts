/** Once before all faults: a database with two fraud models, which each test copies. */
import { Client } from 'pg';
import { makeModels } from './model';

export const TEMPLATE_VARIABLE = 'KINDRED_FAULTS_TEMPLATE';

export default async function setUp(): Promise<void> {
  const server = process.env.KINDRED_TEST_DATABASE_URL;
  if (!server || !process.env.KINDRED_TEST_KAFKA_BROKERS) return;
  const name = `kindred_faults_${process.pid}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
    process.env[TEMPLATE_VARIABLE] = name;
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  await makeModels(url.href);
}
