import { setTimeout as sleep } from 'node:timers/promises';
import { Inquiry } from '../../src/streaming/inquiry';

/** Something to ask, whose answers the test gives. */
function oracle<T>() {
  const open: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];
  return {
    asked: 0,
    open,
    ask() {
      this.asked++;
      return new Promise<T>((resolve, reject) => open.push({ resolve, reject }));
    },
  };
}

describe('an inquiry', () => {
  it('asks once for all who want to know at the same time, and not again while the answer is fresh', async () => {
    const of = oracle<number>();
    const inquiry = new Inquiry(() => of.ask(), { maxAgeMillis: 60_000, waitMillis: 1_000 });
    const answers = [inquiry.answer(), inquiry.answer()];
    of.open[0].resolve(7);
    expect(await Promise.all([...answers, inquiry.answer()])).toEqual(Array(3).fill({ kind: 'answer', value: 7 }));
    expect(of.asked).toBe(1);
  });

  it('asks again once the answer is old', async () => {
    const of = oracle<number>();
    const inquiry = new Inquiry(() => of.ask(), { maxAgeMillis: 0 });
    for (const value of [1, 2]) {
      const answer = inquiry.answer();
      of.open[value - 1].resolve(value);
      expect(await answer).toEqual({ kind: 'answer', value });
    }
  });

  it('tells a failure as an answer', async () => {
    const error = new Error('gone');
    const inquiry = new Inquiry(() => Promise.reject(error));
    expect(await inquiry.answer()).toEqual({ kind: 'failure', error });
  });

  it('waits no longer than a moment, however many come, and takes the answer that comes late', async () => {
    const of = oracle<string>();
    const inquiry = new Inquiry(() => of.ask(), { maxAgeMillis: 60_000, waitMillis: 300 });
    expect(await inquiry.answer()).toEqual({ kind: 'silence', waitedMillis: 300 });
    const startedAt = Date.now();
    for (let at = 0; at < 50; at++) expect((await inquiry.answer()).kind).toBe('silence');
    // None of the fifty waited anew: that would have taken 15 s.
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(of.asked).toBe(1);
    of.open[0].resolve('late');
    await sleep(1);
    expect(await inquiry.answer()).toEqual({ kind: 'answer', value: 'late' });
  });

  it('gives up a question that nobody answers, so that a dead connection does not silence it for good', async () => {
    const of = oracle<string>();
    const inquiry = new Inquiry(() => of.ask(), { maxAgeMillis: 60_000, waitMillis: 5, patienceMillis: 20 });
    expect((await inquiry.answer()).kind).toBe('silence');
    await sleep(25);
    const second = inquiry.answer();
    of.open[0].resolve('from the dead');
    of.open[1].resolve('alive');
    expect(await second).toEqual({ kind: 'answer', value: 'alive' });
    expect(await inquiry.answer()).toEqual({ kind: 'answer', value: 'alive' });
  });
});
