import { kafkaFindings } from '../../src/cli/doctor-kafka';
import { ensureTopics, topicsOf } from '../../src/streaming/kafka/topics';
import { describeWithKafka, testKafkaSettings } from '../streaming/brokers';
import { deleteTopics } from '../streaming/intake';

describeWithKafka('what the doctor says of Kafka', (given) => {
  afterAll(() => deleteTopics(given().prefix));

  it('is well where the broker answers, and the topics may be made', async () => {
    const { settings, kafka, brokers } = given();
    expect(await kafkaFindings(settings)).toEqual([
      { check: 'Kafka', state: 'ok', found: `${brokers} answers` },
      { check: 'topics', state: 'ok', found: expect.stringMatching(/interactions.*the first start makes them/) },
    ]);
    // Looking makes none.
    const { inputs, outputs } = topicsOf(settings);
    const admin = kafka.admin();
    expect(await admin.existing([...inputs, ...outputs])).toEqual([]);
    await admin.close();
    await ensureTopics(kafka, settings, [...inputs, ...outputs]);
    expect((await kafkaFindings(settings))[1]).toMatchObject({
      state: 'ok',
      found: `all 10 of ${settings.topicPrefix}* are there`,
    });
  });

  it('names the topics that are missing where Kindred may not make them, by its setting or by the brokers', async () => {
    const [, forbidden] = await kafkaFindings(testKafkaSettings({ createTopics: false }));
    expect(forbidden).toMatchObject({ state: 'fail', remedy: expect.stringMatching(/KAFKA_CREATE_TOPICS=true/) });
    const [, refused] = await kafkaFindings(testKafkaSettings({ topicPrefix: 'x'.repeat(245) }));
    expect(refused).toMatchObject({ check: 'topics', state: 'fail', found: expect.stringMatching(/KAFKA_REFUSED/) });
    expect(refused.remedy).toBeTruthy();
  });

  it('has a remedy where no broker answers, and keeps the password to itself', async () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 'hushhush' } as const;
    const findings = await kafkaFindings(testKafkaSettings({ brokers: ['127.0.0.1:1'], sasl }));
    expect(findings).toEqual([
      {
        check: 'Kafka',
        state: 'fail',
        found: expect.stringMatching(/KAFKA_UNAVAILABLE/),
        remedy: expect.stringMatching(/KAFKA_BROKERS/),
      },
    ]);
    expect(JSON.stringify(findings)).not.toContain('hushhush');
  });
});
