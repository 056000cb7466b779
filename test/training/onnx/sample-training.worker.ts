/** Runs the sample in a thread of its own and posts the weights. */
import { parentPort } from 'node:worker_threads';
import { trainSample } from './sample-training';

void trainSample().then((weights) => parentPort?.postMessage(weights));
