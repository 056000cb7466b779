/**
 * The autoencoder on ADBench's classical sets (Han et al. 2022), whatever of them is present: fitted and scored on all rows, the
 * same named options for every set, mean area under the ROC curve over the sets. An isolation forest of the same rows
 * stands beside it, since no published figure by set is for this protocol.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AutoencoderScorer } from '../../src/training/autoencoder/scorer';
import { autoencoder } from '../../src/training/autoencoder/trainer';
import { areaUnderRoc } from '../../src/training/evaluation/fraud-metrics';
import { IsolationForest } from '../../src/training/evaluation/isolation-forest';
import type { FeatureMatrix } from '../../src/training/feature-matrix';
import { describeWithData } from '../real-data';

/** Everything else is the trainer's default. Dropout keeps the network from learning a small set by heart. */
const OPTIONS = { dropout: 0.2, validationShare: 0 };
const SEEDS = [1, 2, 3];

interface LabelledSet extends FeatureMatrix {
  readonly name: string;
  readonly isAnomaly: Uint8Array;
}

/** `f0,…,fD-1,label` */
function readSet(folder: string, file: string): LabelledSet {
  const [header, ...lines] = gunzipSync(readFileSync(join(folder, file)))
    .toString('utf8')
    .trim()
    .split('\n');
  const columns = header.split(',').slice(0, -1);
  const cells = lines.map((line) => line.split(',').map(Number));
  return {
    name: file.replace('.csv.gz', ''),
    columns,
    rows: cells.length,
    values: Float32Array.from(cells.flatMap((row) => row.slice(0, -1))),
    isAnomaly: Uint8Array.from(cells, (row) => row[columns.length]),
  };
}

async function autoencoderArea(set: LabelledSet, seed: number): Promise<number> {
  const model = await autoencoder.train(set, autoencoder.options.parse({ ...OPTIONS, seed }));
  const scorer = await AutoencoderScorer.load(model);
  const { errors } = await scorer.score(set.values);
  await scorer.close();
  return areaUnderRoc(errors, set.isAnomaly);
}

const forestArea = (set: LabelledSet, seed: number) =>
  areaUnderRoc(IsolationForest.fit(set, { seed }).score(set), set.isAnomaly);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describeWithData('adbench', "ADBench's classical sets", (folder) => {
  it('are told apart by the autoencoder about as well as by an isolation forest', async () => {
    const sets = readdirSync(folder)
      .filter((file) => file.endsWith('.csv.gz'))
      .map((file) => readSet(folder, file));
    const areas: { set: string; autoencoder: number; forest: number }[] = [];
    for (const set of sets) {
      const found: number[] = [];
      for (const seed of SEEDS) found.push(await autoencoderArea(set, seed));
      areas.push({
        set: set.name,
        autoencoder: mean(found),
        forest: mean(SEEDS.map((seed) => forestArea(set, seed))),
      });
    }
    const [ours, forest] = [mean(areas.map((area) => area.autoencoder)), mean(areas.map((area) => area.forest))];
    const table = [...areas, { set: `mean of ${sets.length} sets`, autoencoder: ours, forest }];
    console.info(
      table.map((row) => `${row.set}: ${row.autoencoder.toFixed(3)} (forest ${row.forest.toFixed(3)})`).join('\n'),
    );
    expect(ours).toBeGreaterThanOrEqual(0.77);
    expect(ours).toBeGreaterThanOrEqual(forest - 0.02);
  }, 180_000);
});
