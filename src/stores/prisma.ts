/**
 * Prisma on a database that is already open: it shares the pool, so that the embedded store's one session serves both. For
 * reading and writing single records with types; bulk and vectors go through `Database`.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import type { Database } from './database';
import { PrismaClient } from './generated/prisma/client';
import { PooledDatabase } from './pooled';

/** Closing the database ends it too; `$disconnect` alone leaves the pool to its other users. */
export function openPrisma(database: Database): PrismaClient {
  if (!(database instanceof PooledDatabase)) throw new TypeError('Prisma needs a database from openDatabase.');
  return new PrismaClient({ adapter: new PrismaPg(database.pool) });
}
