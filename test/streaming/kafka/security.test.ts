/** TLS, client certificates and logins against a broker that demands them: what works, and what is said where something is wrong. */
import { createServer } from 'node:net';
import pino from 'pino';
import { openKafka } from '../../../src/streaming/kafka/kafkajs';
import type { KafkaSettings } from '../../../src/streaming/kafka/settings';
import { describeWithKafka, testKafkaSettings } from '../brokers';
import { BrokerOfItsOwn } from './broker-of-its-own';
import { Authority } from './certificates';

const PASSWORD = 'correct-horse-7f3a';
const WRONG = 'wrong-secret-9b1c';
const USERS = { plain: 'paula', 'scram-sha-256': 'sam', 'scram-sha-512': 'sue' } as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

describeWithKafka('a Kafka that is secured', () => {
  const ours = new Authority('ours');
  const strangers = new Authority('strangers');
  const ofBroker = ours.sign('broker');
  const ofClient = ours.sign('client');
  const ofStranger = strangers.sign('stranger');
  let broker: BrokerOfItsOwn;
  const addresses = { login: '', mutual: '' };

  beforeAll(async () => {
    const [login, mutual] = [await freePort(), await freePort()];
    addresses.login = `127.0.0.1:${login}`;
    addresses.mutual = `127.0.0.1:${mutual}`;
    const listeners = `PLAINTEXT://127.0.0.1:@PORT@,LOGIN://${addresses.login},MUTUAL://${addresses.mutual}`;
    const security = 'org.apache.kafka.common.security';
    const properties = {
      listeners: `${listeners},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@`,
      'advertised.listeners': listeners,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': ofBroker.both,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': ours.file('ca.crt'),
      'listener.name.mutual.ssl.client.auth': 'required',
      'listener.name.login.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.login.plain.sasl.jaas.config': `${security}.plain.PlainLoginModule required user_paula="${PASSWORD}";`,
      'listener.name.login.scram-sha-256.sasl.jaas.config': `${security}.scram.ScramLoginModule required;`,
      'listener.name.login.scram-sha-512.sasl.jaas.config': `${security}.scram.ScramLoginModule required;`,
    };
    const scram = [`SCRAM-SHA-256=[name=sam,password=${PASSWORD}]`, `SCRAM-SHA-512=[name=sue,password=${PASSWORD}]`];
    broker = await new BrokerOfItsOwn({ properties, scram }).start();
  }, 60_000);

  afterAll(async () => {
    await broker?.stop();
    ours.remove();
    strangers.remove();
  });

  /** Makes a topic, writes a record and reads it, and keeps all that is logged meanwhile, down to traces. */
  async function attempt(
    overrides: Partial<KafkaSettings>,
  ): Promise<{ read: string[]; error?: unknown; logged: string }> {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const kafka = openKafka(testKafkaSettings(overrides), log);
    const topic = `secured-${Math.random().toString(36).slice(2)}`;
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    const read: string[] = [];
    let error: unknown;
    try {
      await admin.createTopics([{ topic, partitions: 1 }]);
      await producer.send(topic, [{ key: null, value: 'kept' }]);
      const partitions = [{ partition: 0, from: 0, to: 1 }];
      for await (const { records } of kafka.read({ topic, partitions }))
        read.push(...records.map(({ value }) => String(value)));
    } catch (caught) {
      error = caught;
    }
    await producer.close();
    await admin.close();
    return { read, error, logged: lines.join('') };
  }

  const everythingOf = (error: unknown): string => {
    const { message, remedy, facts, cause } = error as Error & { remedy?: string; facts?: unknown };
    return JSON.stringify([message, remedy, facts]) + (cause ? everythingOf(cause) : '');
  };

  const login = (mechanism: keyof typeof USERS, password: string): Partial<KafkaSettings> => ({
    brokers: [addresses.login],
    tls: { ca: ours.certificate },
    sasl: { mechanism, username: USERS[mechanism], password },
  });

  it.each(Object.keys(USERS) as (keyof typeof USERS)[])('is used with a login by %s over TLS', async (mechanism) => {
    const { read, error, logged } = await attempt(login(mechanism, PASSWORD));
    expect(error).toBeUndefined();
    expect(read).toEqual(['kept']);
    expect(logged).not.toContain(PASSWORD);
  });

  it.each(Object.keys(USERS) as (keyof typeof USERS)[])(
    'says that it refuses the login where the password for %s is wrong, and tells nobody the password',
    async (mechanism) => {
      const { error, logged } = await attempt(login(mechanism, WRONG));
      expect(error).toMatchObject({
        code: 'KAFKA_UNAVAILABLE',
        message: expect.stringMatching(/refuses the login/),
        remedy: expect.stringMatching(/KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and the password/),
      });
      expect(everythingOf(error) + logged).not.toContain(WRONG);
    },
  );

  it('is used with a certificate of the client', async () => {
    const { read, error } = await attempt({
      brokers: [addresses.mutual],
      tls: { ca: ours.certificate, cert: ofClient.cert, key: ofClient.key },
    });
    expect(error).toBeUndefined();
    expect(read).toEqual(['kept']);
  });

  it('is not trusted where another authority signed its certificate, and the remedy names the variable', async () => {
    const { error } = await attempt({ ...login('plain', PASSWORD), tls: { ca: strangers.certificate } });
    expect(error).toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringMatching(/certificate/),
      remedy: expect.stringMatching(/KAFKA_TLS_CA_FILE/),
    });
    expect((error as { retriable?: boolean }).retriable).not.toBe(true);
  });

  it.each([
    ['no certificate', undefined],
    ["a stranger's certificate", ofStranger],
  ])('refuses a client with %s, and the remedy names the variables', async (_what, given) => {
    const { error, logged } = await attempt({
      brokers: [addresses.mutual],
      tls: { ca: ours.certificate, cert: given?.cert, key: given?.key },
    });
    expect(error).toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      remedy: expect.stringMatching(/KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE/),
    });
    expect(everythingOf(error) + logged).not.toContain('PRIVATE KEY');
  });

  it('gives a remedy where the client speaks without TLS, and where it speaks TLS to one that does not', async () => {
    const { error: without } = await attempt({ brokers: [addresses.login] });
    expect(without).toMatchObject({ code: 'KAFKA_UNAVAILABLE', remedy: expect.stringMatching(/KAFKA_TLS/) });
    const { error: needless } = await attempt({ brokers: [broker.address], tls: {} });
    expect(needless).toMatchObject({ code: 'KAFKA_UNAVAILABLE', remedy: expect.stringMatching(/KAFKA_TLS/) });
  });
});
