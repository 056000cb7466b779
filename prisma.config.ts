import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only `prisma migrate deploy` needs it; generating the client does not.
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/kindred' },
});
