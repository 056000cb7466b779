/** What is asked of a model later is seen as it was in training: also the events of things too rare to have been learned. */
import { EncoderThread } from '../../src/training/encoder-thread';
import { openEncoder } from '../../src/training/encoders';
import { type EventSequences, EventSequencesBuilder } from '../../src/training/sequence2vec/event-sequences';
import type { SequenceModel } from '../../src/training/trainer';
import { parseOptions, trainerNamed } from '../../src/training/trainers';

const EVENTS = 8;

/** Accounts that pay at one of two pairs of merchants, each once at a merchant that nobody else pays at. */
function payments(): EventSequences {
  const builder = new EventSequencesBuilder(['channel']);
  for (let account = 0; account < 24; account++)
    for (let n = 0; n < EVENTS; n++)
      builder.add({
        key: `account ${account}`,
        thing: n === 3 ? `rare ${account}` : `merchant ${(account % 2) * 2 + (n % 2)}`,
        occurredAt: Date.UTC(2026, 0, 1 + n, account),
        amount: n === 3 ? 900 : 10 + account,
        categories: [n === 3 ? 'web' : 'shop'],
      });
  return builder.build();
}

/** The first account's events as a question. */
function asked({ ids, things, times, amounts, categories: [channel] }: EventSequences) {
  const events = Array.from({ length: EVENTS }, (_, at) => ({
    thing: ids[things[at]],
    occurredAt: times[at],
    amount: amounts![at],
    categories: [channel.values[channel.codes[at]]],
  }));
  return { events, categoryNames: ['channel'] };
}

describe('a question of events that a model was trained on', () => {
  const thread = new EncoderThread(() => undefined);
  afterAll(() => thread.stop());
  const data = payments();
  const known = [0, 1, 2, 4, 5, 6, 7];

  async function train(name: string, options: Record<string, unknown>): Promise<SequenceModel> {
    const trainer = trainerNamed(name);
    return trainer.train(data, parseOptions(trainer, { dimension: 4, epochs: 1, minCount: 5, ...options }));
  }
  /** A copy, since what the thread is given is empty here afterwards. */
  const open = (name: string, { artifacts }: SequenceModel) => thread.open(name, name, structuredClone(artifacts));

  it('has the vector that coles gave them then', async () => {
    const model = await train('coles', { thingDimension: 2, sliceLengthMin: 2, sliceLengthMax: 6, batchSize: 8 });
    expect(await open('coles', model)).toEqual(['sequence']);
    const answer = await thread.ask('coles', { ability: 'sequence', sequence: asked(data) });
    expect([...answer.known]).toEqual(known);
    answer.vectors.forEach((value, d) => {
      expect(value).toBeCloseTo(model.input[d], 5);
    });
  });

  it('has the contexts that elmo has in the whole sequence, for the events that it knows', async () => {
    const model = await train('elmo', { hidden: 4, batchSize: 8 });
    await open('elmo', model);
    const answer = await thread.ask('elmo', { ability: 'contexts', sequence: asked(data) });
    const encoder = await openEncoder('elmo', model.artifacts);
    const whole = await encoder.contexts!(data);
    await encoder.close();
    expect([...answer.known]).toEqual(known);
    expect(answer.vectors).toHaveLength(known.length * whole.dimension);
    known.forEach((event, row) => {
      for (let d = 0; d < whole.dimension; d++)
        expect(answer.vectors[row * whole.dimension + d]).toBeCloseTo(whole.vectors[event * whole.dimension + d], 5);
    });
  });

  it('of things that it does not know alone, has no answer', async () => {
    const sequence = { events: [{ thing: 'nobody', occurredAt: 0 }], categoryNames: [] };
    const answer = await thread.ask('coles', { ability: 'sequence', sequence });
    expect([answer.vectors.length, answer.known.length]).toEqual([0, 0]);
  });
});
