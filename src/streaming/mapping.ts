/**
 * Says which column of a file is which field of a stream, and makes the function that turns a row into a raw record.
 */
import { type Raw, STREAM_FIELDS } from '../domain/decoding';
import type { StreamName } from '../domain/events';
import { InputError } from '../errors';

export interface Mapping {
  /** Field to column: `userId` to `USER`; `attributes.year` takes a column as one attribute. A field's own name needs no entry. */
  columns: Readonly<Record<string, string>>;
  /** Field to a value that every row has. */
  constants: Readonly<Record<string, string>>;
}

const ATTRIBUTE = 'attributes.';

/** @throws InputError for a field that the stream does not have, or that is given twice */
export function checkMapping(stream: StreamName, mapping: Mapping): void {
  const { required, optional } = STREAM_FIELDS[stream];
  const known = [...required, ...optional];
  const attributes = known.includes('attributes');
  const given = [...Object.keys(mapping.columns), ...Object.keys(mapping.constants)];
  for (const field of given) {
    const isAttribute = attributes && field.startsWith(ATTRIBUTE) && field.length > ATTRIBUTE.length;
    if (!known.includes(field) && !isAttribute)
      throw new InputError(field, `${stream} have no field "${field}".`, {
        remedy: `The fields are ${known.join(', ')}${attributes ? ', and attributes.NAME for single attributes' : ''}.`,
      });
    if (field in mapping.columns && field in mapping.constants)
      throw new InputError(field, `"${field}" is given both a column and a constant.`, { remedy: 'Give one of them.' });
  }
  if (given.includes('attributes') && given.some((field) => field.startsWith(ATTRIBUTE)))
    throw new InputError('attributes', 'Attributes come whole, as JSON, or one by one, not both.', {
      remedy: 'Map "attributes" or "attributes.NAME".',
    });
}

/**
 * @param header the file's columns
 * @throws InputError that lists the columns, for a mapped column that is not among them or a required field without one
 */
export function rowReader(
  stream: StreamName,
  mapping: Mapping,
  header: readonly string[],
): (row: readonly string[]) => Raw {
  const { required, optional } = STREAM_FIELDS[stream];
  const columns = `The columns are ${header.join(', ')}.`;
  for (const [field, column] of Object.entries(mapping.columns))
    if (!header.includes(column))
      throw new InputError(field, `There is no column "${column}" for ${field}. ${columns}`, {
        remedy: `Map one of them: --map ${field}=COLUMN`,
      });
  const wanted = [...new Set([...required, ...optional, ...header.filter((name) => name.startsWith(ATTRIBUTE))])];
  const places: [field: string, place: number][] = [];
  const attributePlaces: [name: string, place: number][] = [];
  for (const field of new Set([...wanted, ...Object.keys(mapping.columns)])) {
    if (field in mapping.constants) continue;
    const place = header.indexOf(mapping.columns[field] ?? field);
    if (place < 0) {
      if (!required.includes(field)) continue;
      throw new InputError(field, `No column is called "${field}", which ${stream} must have. ${columns}`, {
        remedy: `Say which it is with --map ${field}=COLUMN, or give all rows one value with --constant ${field}=VALUE`,
      });
    }
    if (field.startsWith(ATTRIBUTE)) attributePlaces.push([field.slice(ATTRIBUTE.length), place]);
    else places.push([field, place]);
  }
  const { raw: constants, attributes: constantAttributes } = constantRecord(mapping);
  if (attributePlaces.length === 0) return (row) => plainRecord(row, places, constants);
  return (row) => {
    const record = plainRecord(row, places, constants);
    const attributes: Record<string, unknown> = { ...constantAttributes };
    for (const [name, place] of attributePlaces) if (row[place] !== '') attributes[name] = typedValue(row[place]);
    if (Object.keys(attributes).length > 0) record.attributes = attributes;
    return record;
  };
}

function plainRecord(
  row: readonly string[],
  places: readonly (readonly [string, number])[],
  constants: Raw,
): Record<string, unknown> {
  const record: Record<string, unknown> = { ...constants };
  for (let at = 0; at < places.length; at++) record[places[at][0]] = row[places[at][1]];
  return record;
}

/** The same for a JSON object: a column is a key, or a path of keys with dots between. */
export function objectReader(mapping: Mapping): (object: Readonly<Record<string, unknown>>) => Raw {
  const { raw: constants, attributes: constantAttributes } = constantRecord(mapping);
  const entries = Object.entries(mapping.columns);
  if (entries.length === 0 && Object.keys(mapping.constants).length === 0) return (object) => object;
  return (object) => {
    const record: Record<string, unknown> = { ...object, ...constants };
    const attributes: Record<string, unknown> = { ...constantAttributes };
    for (const [field, path] of entries) {
      const value = valueAt(object, path);
      if (!field.startsWith(ATTRIBUTE)) record[field] = value;
      else if (value !== undefined) attributes[field.slice(ATTRIBUTE.length)] = value;
    }
    if (Object.keys(attributes).length > 0) record.attributes = attributes;
    return record;
  };
}

function valueAt(object: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(object, path)) return object[path];
  let value: unknown = object;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function constantRecord(mapping: Mapping): { raw: Record<string, unknown>; attributes: Record<string, unknown> } {
  const raw: Record<string, unknown> = {};
  const attributes: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(mapping.constants)) {
    if (field.startsWith(ATTRIBUTE)) attributes[field.slice(ATTRIBUTE.length)] = typedValue(value);
    else raw[field] = value;
  }
  if (Object.keys(attributes).length > 0) raw.attributes = attributes;
  return { raw, attributes };
}

/** Numbers that survive the way there and back, true and false; everything else (0042, a long card number) stays text. */
function typedValue(value: string): string | number | boolean {
  if (value === 'true') return true;
  if (value === 'false') return false;
  return /^-?\d/.test(value) && String(Number(value)) === value ? Number(value) : value;
}
