/** What arguments mean, checked, with the path of the one at fault. */
import type { AttributeCondition, ItemFilter } from '../domain/answers';
import { Fault } from '../domain/fields';
import { EPOCH_MILLIS, time } from '../domain/times';
import { InputError } from '../errors';
import type { ItemFilter as ItemFilterInput } from '../schema/inputs';
import type { RawTime } from '../schema/scalars';
import { checkIds } from '../services/recommendation';

/** Longest list inside an answer that is not paged. */
const MAX_SHORT_LIST = 100;

/** @throws InputError for what cannot be an id, such as a megabyte of text */
export function givenId(field: string, id: string): string {
  checkIds(field, [id], 1);
  return id;
}

/** @throws InputError */
export function shortList(field: string, first: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= MAX_SHORT_LIST) return first;
  throw new InputError(field, `"${field}" must be a whole number from 1 to ${MAX_SHORT_LIST}.`);
}

/** @throws InputError */
export function givenTime(field: string, raw: RawTime | null | undefined): Date | undefined {
  if (raw === null || raw === undefined) return undefined;
  const at = time(raw, EPOCH_MILLIS);
  if (!(at instanceof Fault)) return at;
  throw new InputError(field, `"${field}" ${at.reason}.`, {
    remedy: 'Write it in ISO 8601, such as 2026-01-31T12:00:00Z, or as epoch milliseconds.',
  });
}

/** @throws InputError for a condition that says nothing, or two things at once */
export function itemFilter(where: ItemFilterInput | null | undefined): ItemFilter | undefined {
  if (!where) return undefined;
  return {
    attributes: where.attributes?.map(attributeCondition) ?? [],
    exclude: where.exclude ?? [],
  };
}

function attributeCondition(
  { name, equals, in: values, min, max }: NonNullable<ItemFilterInput['attributes']>[number],
  index: number,
): AttributeCondition {
  const field = `where.attributes[${index}]`;
  const has = (value: unknown): boolean => value !== undefined && value !== null;
  if (has(equals) && has(values))
    throw new InputError(`${field}.in`, 'A condition has "equals" or "in", not both.', { remedy: 'Leave one out.' });
  if (![equals, values, min, max].some(has))
    throw new InputError(field, 'A condition needs "equals", "in", "min" or "max".', {
      remedy: 'Say what the attribute should be.',
    });
  return {
    name,
    oneOf: has(equals) ? [equals!] : (values ?? undefined),
    min: min ?? undefined,
    max: max ?? undefined,
  };
}
