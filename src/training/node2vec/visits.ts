/**
 * How often walks come by each node, which the noise distribution needs before training starts. Counted on walks of their
 * own rather than taken from degrees: walks start everywhere, keep to their component and follow p and q, so degrees are
 * off by a factor of 1.5 on HetRec's friendships and 1.9 on ca-GrQc (root mean square of the log); counting is off by
 * less than 1.1 and costs about a hundredth of the training.
 */
import { setImmediate } from 'node:timers/promises';
import { CancelledError } from '../../errors';
import { type WalkableGraph, Walker, type WalkOptions } from '../graph/walks';
import { Random } from '../kernels/random';
import type { TrainingContext } from '../trainer';

/** Mean visits a node that are enough: a node with the mean is then counted to within 5 %. */
const MEAN_VISITS = 400;

/** Walks between looks at the signal: some milliseconds of work. */
const WALKS_AT_A_TIME = 1000;

/** Last step of the seed path of these walks. */
const SEED_OF_VISITS = 2 ** 43;

export interface VisitOptions extends WalkOptions {
  walksPerNode: number;
  seed: number;
}

/** @returns visits of each node, none 0: every node starts a walk */
export async function countVisits(
  walked: WalkableGraph,
  options: VisitOptions,
  { signal, onProgress }: TrainingContext = {},
): Promise<Uint32Array> {
  const { nodes } = walked.graph;
  const { walkLength, walksPerNode, seed } = options;
  const walks = nodes * Math.min(walksPerNode, Math.ceil(MEAN_VISITS / walkLength));
  const walker = new Walker(walked, options);
  const random = Random.seeded(seed, SEED_OF_VISITS);
  const visits = new Uint32Array(nodes);
  const walk = new Int32Array(walkLength);
  for (let done = 0; done < walks; done++) {
    if (done % WALKS_AT_A_TIME === 0) {
      onProgress?.({ phase: 'counting visits', done, total: walks });
      await setImmediate();
      if (signal?.aborted) throw new CancelledError('Training');
    }
    walker.walk(done % nodes, random, walk, 0);
    for (let i = 0; i < walkLength; i++) visits[walk[i]]++;
  }
  return visits;
}
