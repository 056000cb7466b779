/** What docker-compose.yml and the Dockerfile promise, held against each other and against what Kindred reads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config';

const ROOT = join(__dirname, '..', '..');

interface Service {
  environment: Record<string, string | number>;
  ports: string[];
  secrets: string[];
  volumes: string[];
  healthcheck?: { test: string[] };
  restart: string;
  security_opt: string[];
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  deploy: { resources: { limits: { cpus: string; memory: string } } };
}

interface Compose {
  services: Record<'postgres' | 'kafka' | 'kindred', Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

const { load } = require('js-yaml') as { load(text: string): unknown };

/** As compose does it: `${NAME:-default}` without the variable, and `$$` for a dollar sign. */
const interpolated = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const compose = load(interpolated(read('docker-compose.yml'))) as Compose;
const dockerfile = read('Dockerfile');
const services = Object.entries(compose.services);
const { kafka, kindred } = compose.services;

describe('docker-compose.yml', () => {
  it.each(services)('gives %s a health check, a restart policy, limits, and no way to more rights', (name, service) => {
    if (name === 'kindred') expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    else expect(service.healthcheck?.test[0]).toBe('CMD');
    expect(service.restart).toBe('unless-stopped');
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(Number(service.deploy.resources.limits.cpus)).toBeGreaterThan(0);
    expect(service.deploy.resources.limits.memory).toMatch(/^\d+[mg]$/);
  });

  it.each(services)('publishes %s on the loopback address only', (_, { ports }) => {
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('keeps what %s writes in a named volume', (_, { volumes }) => {
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  });

  it('passes passwords as named secrets, never in the environment', () => {
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\/\w+$/);
    for (const [, { environment, secrets }] of services) {
      for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret);
      for (const [name, value] of Object.entries(environment)) {
        if (name.endsWith('_FILE')) expect(secrets.map((secret) => `/run/secrets/${secret}`)).toContain(value);
        else expect(name).not.toMatch(/PASSWORD|SECRET|TOKEN/);
      }
    }
    for (const ignored of ['.gitignore', '.dockerignore'])
      expect(read(ignored).split('\n')).toContain(ignored === '.gitignore' ? 'secrets/' : '*');
  });

  it('starts Kindred once what it depends on is healthy, on a tree that it cannot write to', () => {
    expect(kindred.depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      kafka: { condition: 'service_healthy' },
    });
    expect(kindred.read_only).toBe(true);
  });
});

describe('the environment of Kindred in containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-compose-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const imageEnv = Object.fromEntries(
    [...dockerfile.matchAll(/(KINDRED_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );

  it('has only variables that Kindred reads', () => {
    const config = read('src/config.ts') + read('src/streaming/kafka/settings.ts');
    const names = [...Object.keys(kindred.environment), ...Object.keys(imageEnv)];
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(config))).toEqual([]);
  });

  it('is a valid configuration: the database and the broker of the other services, with the passwords of the secrets', () => {
    const env: NodeJS.ProcessEnv = { ...imageEnv };
    for (const [name, value] of Object.entries(kindred.environment)) {
      if (!name.endsWith('_FILE')) env[name] = String(value);
      else {
        env[name] = join(folder, name);
        writeFileSync(join(folder, name), `secret of ${name}`);
      }
    }
    const config = readConfig(env);
    const database = new URL(config.databaseUrl!);
    expect(database.hostname).toBe('postgres');
    expect(decodeURIComponent(database.password)).toBe('secret of DATABASE_PASSWORD_FILE');
    expect(database.username).toBe(compose.services.postgres.environment.POSTGRES_USER);
    expect(database.pathname).toBe(`/${compose.services.postgres.environment.POSTGRES_DB}`);
    expect(config.kafka).toMatchObject({
      brokers: ['kafka:9092'],
      sasl: { mechanism: 'plain', username: 'kindred', password: 'secret of KAFKA_SASL_PASSWORD_FILE' },
    });
    expect(config.host).toBe('0.0.0.0');
    expect(kindred.ports[0]).toMatch(new RegExp(`:${config.port}$`));
  });
});

describe('the listeners of Kafka', () => {
  const env = kafka.environment as Record<string, string>;
  const listeners = (text: string): Map<string, string> =>
    new Map(text.split(',').map((each) => each.split('://') as [string, string]));
  const protocols = new Map(
    env.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP.split(',').map((each) => each.split(':') as [string, string]),
  );
  const bound = listeners(env.KAFKA_LISTENERS);
  const advertised = listeners(env.KAFKA_ADVERTISED_LISTENERS);

  it('tell each client an address that it can reach', () => {
    expect(advertised.get('INSIDE')).toBe(kindred.environment.KAFKA_BROKERS);
    const [, published, target] = kafka.ports[0].split(':');
    expect(advertised.get('HOST')).toBe(`localhost:${published}`);
    expect(bound.get('HOST')).toBe(`:${target}`);
  });

  it('ask everybody for a password who comes from outside the container', () => {
    for (const [name, address] of bound)
      if (address.startsWith('localhost:')) expect(protocols.get(name)).toBe('PLAINTEXT');
      else {
        expect(protocols.get(name)).toBe('SASL_PLAINTEXT');
        const jaas = env[`KAFKA_LISTENER_NAME_${name}_PLAIN_SASL_JAAS_CONFIG`];
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Kafka resolves it, from the secret's file
        expect(jaas).toContain('user_kindred="${directory:/run/secrets:kafka_password}"');
      }
  });

  it('let the broker, its health check and its tools in from inside', () => {
    expect(kafka.healthcheck!.test.at(-1)).toBe(bound.get(env.KAFKA_INTER_BROKER_LISTENER_NAME));
    expect(env.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe(`1@${bound.get(env.KAFKA_CONTROLLER_LISTENER_NAMES)}`);
  });
});

describe('the Dockerfile', () => {
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('ends as a user without rights, whose process asks for nothing but liveness', () => {
    expect([...final.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)).toEqual(['node']);
    expect(final).toMatch(/^HEALTHCHECK[\s\S]*\/livez/m);
    expect(final).toMatch(/^RUN npm ci --omit=dev/m);
  });

  it('copies only what goes to the builder', () => {
    const sent = read('.dockerignore').split('\n');
    for (const [, words] of dockerfile.matchAll(/^COPY (?!--from)(.*)$/gm))
      for (const source of words.split(' ').slice(0, -1)) expect(sent).toContain(`!${source}`);
  });
});
