/** How far a run is, as facts and arrays of a checkpoint and back. */
import { type Checkpoint, type CheckpointContent, type CheckpointShape, float32Of } from '../../checkpoint';
import type { TrainingSession, TrainingState } from '../../onnx/training-session';
import type { Best } from './early-stopping';

export interface Position {
  /** From 1 on. */
  readonly epoch: number;
  /** Of this epoch: calls of the runtime made, events learned from, and the sum of their losses. */
  readonly calls: number;
  readonly events: number;
  readonly lossSum: number;
  /** Of the whole run. */
  readonly steps: number;
  /** Mean loss of the last call, or of the last epoch where this one has only begun. */
  readonly lastLoss: number;
}

export interface RunState {
  readonly position: Position;
  readonly state?: TrainingState;
  readonly best?: Best;
}

export const START: RunState = {
  position: { epoch: 1, calls: 0, events: 0, lossSum: 0, steps: 0, lastLoss: 0 },
};

const STATE = 'state ';
const BEST = 'best ';
const BEST_FACTS = ['bestEpoch', 'bestRank'];

export function contentOf(position: Position, state: TrainingState, best: Best | undefined): CheckpointContent {
  const named = (prefix: string, arrays: Iterable<[string, Float32Array]>) =>
    Object.fromEntries([...arrays].map(([name, array]) => [prefix + name, array]));
  return {
    facts: { ...position, ...(best && { bestEpoch: best.epoch, bestRank: best.rank }) },
    arrays: { ...named(STATE, Object.entries(state)), ...(best && named(BEST, best.values)) },
  };
}

/** @param facts of the checkpoint, which has the best parameters where it says of which epoch they are */
export function shapeOf(
  facts: Checkpoint['facts'],
  session: Pick<TrainingSession, 'stateLengths' | 'values'>,
): CheckpointShape {
  const isThereBest = BEST_FACTS.some((name) => name in facts);
  const best = [...session.values()].map(([name, { length }]) => [BEST + name, length]);
  return {
    facts: [...Object.keys(START.position), ...(isThereBest ? BEST_FACTS : [])],
    arrays: {
      ...Object.fromEntries(Object.entries(session.stateLengths()).map(([name, length]) => [STATE + name, length])),
      ...(isThereBest && Object.fromEntries(best)),
    },
  };
}

export function stateOf({ facts, arrays }: Checkpoint): RunState {
  const named = (prefix: string) =>
    Object.entries(arrays)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, bytes]): [string, Float32Array] => [name.slice(prefix.length), float32Of(bytes)]);
  const number = (name: string) => Number(facts[name]);
  return {
    position: {
      epoch: number('epoch'),
      calls: number('calls'),
      events: number('events'),
      lossSum: number('lossSum'),
      steps: number('steps'),
      lastLoss: number('lastLoss'),
    },
    state: Object.fromEntries(named(STATE)),
    ...('bestEpoch' in facts && {
      best: { epoch: number('bestEpoch'), rank: number('bestRank'), values: new Map(named(BEST)) },
    }),
  };
}
