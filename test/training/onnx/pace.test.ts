/** How many steps a call makes: as many as fit, whatever a step takes, and how busy the machine is. */
import fc from 'fast-check';
import { Pace } from '../../../src/training/onnx/pace';

/** Makes `total` steps; returns how many each call made and how long it took. */
async function calls(total: number, millisOf: (step: number) => number): Promise<{ steps: number; millis: number }[]> {
  let clock = 0;
  const pace = new Pace(() => clock);
  const made: { steps: number; millis: number }[] = [];
  for (let done = 0; done < total; ) {
    const steps = pace.next(total - done);
    const start = clock;
    await pace.during(steps, async () => {
      for (let step = done; step < done + steps; step++) clock += millisOf(step);
    });
    made.push({ steps, millis: clock - start });
    done += steps;
  }
  return made;
}

describe('the steps of a call', () => {
  it('take a second at most once it is known how long one takes, and never less than one step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.001, max: 5000, noNaN: true }), async (millis) => {
        const made = await calls(500, () => millis);
        for (const call of made) expect(call.millis).toBeLessThanOrEqual(Math.max(millis, 1000) * (1 + 1e-9));
        expect(made.reduce((sum, { steps }) => sum + steps, 0)).toBe(500);
      }),
    );
  });

  it('are soon so many that dividing them costs nothing', async () => {
    expect((await calls(10_000, () => 0.01)).length).toBeLessThan(9);
    // A second of steps a call: 100 seconds of work.
    expect((await calls(10_000, () => 10)).length).toBeLessThan(106);
  });

  it('become fewer when the machine gets busy, and more again after', async () => {
    const made = await calls(3000, (step) => (step > 1000 && step < 1200 ? 250 : 2));
    const slow = made.findIndex(({ millis }) => millis > 2000);
    // One call was begun before anybody could know.
    expect(made.filter(({ millis }) => millis > 1000 && millis <= 2000)).toHaveLength(0);
    expect(made[slow + 1].steps).toBeLessThan(made[slow].steps / 4);
    expect(made.at(-2)!.steps).toBeGreaterThan(100);
  });

  it('are learned from a call that takes no time at all', async () => {
    expect((await calls(100, () => 0)).length).toBeLessThan(7);
  });
});
