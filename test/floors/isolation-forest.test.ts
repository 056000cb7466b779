/**
 * Our isolation forest beside scikit-learn 1.9.1's on sets of ADBench: all rows fitted and scored, 100 trees, 256 rows a tree,
 * the mean of ten seeds. A forest depends on its seed; the mean of ten, by the spread that scikit-learn's own ten have, by a
 * third of that.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { areaUnderRoc } from '../../src/training/evaluation/fraud-metrics';
import { IsolationForest } from '../../src/training/evaluation/isolation-forest';
import { describeWithData } from '../real-data';

/** Set, mean and standard deviation of scikit-learn's area under ROC. */
const REFERENCE: readonly (readonly [string, number, number])[] = [
  ['6_cardio', 0.9329, 0.009],
  ['38_thyroid', 0.9781, 0.0038],
  ['30_satellite', 0.7008, 0.0188],
  ['23_mammography', 0.8615, 0.0072],
  ['28_pendigits', 0.9418, 0.0186],
];
const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);

describeWithData('adbench', 'isolation forest', (folder) => {
  it.each(REFERENCE)('finds as much in %s as scikit-learn', (set, reference, spread) => {
    const [header, ...lines] = gunzipSync(readFileSync(join(folder, `${set}.csv.gz`)))
      .toString()
      .trimEnd()
      .split(/\r?\n/);
    const columns = header.split(',').slice(0, -1);
    const cells = lines.map((line) => line.split(',').map(Number));
    const labels = cells.map((row) => row[columns.length]);
    const values = Float32Array.from(cells.flatMap((row) => row.slice(0, -1)));
    const data = { columns, rows: cells.length, values };
    const areas = SEEDS.map((seed) => areaUnderRoc(IsolationForest.fit(data, { seed }).score(data), labels));
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
    expect(Math.abs(mean - reference)).toBeLessThan(1.5 * spread);
  });
});
