/**
 * An autoencoder as bytes, for the registry:
 *
 *   8 bytes   "KINDREDA"
 *   u32       version of this format (little-endian, like every number)
 *   u32       length of the header
 *   header    JSON: columns, options, threshold, facts, and the length of each section
 *   sections  means, deviations, errorWeights, calibration errors and shares (f64), the network (ONNX)
 *   32 bytes  SHA-256 of all that comes before
 */
import { createHash } from 'node:crypto';
import { KindredError } from '../../errors';
import type { AutoencoderModel } from './model';

const MAGIC = Buffer.from('KINDREDA', 'latin1');
const VERSION = 1;
const HASH_BYTES = 32;
const FIXED_BYTES = MAGIC.length + 8;

type Header = Pick<AutoencoderModel, 'columns' | 'codeDimension' | 'threshold' | 'rowsPerDay' | 'options' | 'facts'> & {
  readonly clip: number;
  readonly calibrationRows: number;
  readonly sections: readonly number[];
};

export function writeAutoencoder(model: AutoencoderModel): Uint8Array {
  const { scaling, calibration, errorWeights, network, ...rest } = model;
  const arrays = [scaling.means, scaling.deviations, errorWeights, calibration.errors, calibration.shares];
  const sections = [
    ...arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    network,
  ];
  const header: Header = {
    columns: rest.columns,
    codeDimension: rest.codeDimension,
    threshold: rest.threshold,
    rowsPerDay: rest.rowsPerDay,
    options: rest.options,
    facts: rest.facts,
    clip: scaling.clip,
    calibrationRows: calibration.rows,
    sections: sections.map(({ length }) => length),
  };
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(VERSION, 0);
  numbers.writeUInt32LE(json.length, 4);
  const content = Buffer.concat([MAGIC, numbers, json, ...sections]);
  return new Uint8Array(Buffer.concat([content, sha256(content)]));
}

/** @throws KindredError MODEL_CORRUPT where the bytes are not, or no longer, what `writeAutoencoder` wrote */
export function readAutoencoder(bytes: Uint8Array): AutoencoderModel {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < FIXED_BYTES + HASH_BYTES || !whole.subarray(0, MAGIC.length).equals(MAGIC))
    throw corrupt('These bytes are not an autoencoder.');
  const version = whole.readUInt32LE(MAGIC.length);
  if (version !== VERSION)
    throw corrupt(`The autoencoder has format ${version}; this Kindred reads format ${VERSION}.`);
  const content = whole.subarray(0, whole.length - HASH_BYTES);
  if (!sha256(content).equals(whole.subarray(content.length)))
    throw corrupt('The autoencoder is damaged: its checksum does not match.');
  // From here on the bytes are as they were written.
  const headerEnd = FIXED_BYTES + whole.readUInt32LE(MAGIC.length + 4);
  const header: Header = JSON.parse(whole.subarray(FIXED_BYTES, headerEnd).toString('utf8'));
  let at = headerEnd;
  const sections = header.sections.map((length) => {
    at += length;
    return new Uint8Array(whole.subarray(at - length, at));
  });
  const [means, deviations, errorWeights, errors, shares] = sections
    .slice(0, 5)
    .map(({ buffer }) => new Float64Array(buffer));
  return Object.freeze({
    columns: header.columns,
    codeDimension: header.codeDimension,
    network: sections[5],
    scaling: { means, deviations, clip: header.clip },
    errorWeights,
    calibration: { errors, shares, rows: header.calibrationRows },
    threshold: header.threshold,
    rowsPerDay: header.rowsPerDay,
    options: header.options,
    facts: header.facts,
  });
}

function sha256(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}

function corrupt(message: string): KindredError {
  return new KindredError('MODEL_CORRUPT', message, {
    remedy: 'Train the model again, or restore the store from a copy.',
  });
}
