import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // For `prisma migrate deploy`.
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/kindred' },
});
