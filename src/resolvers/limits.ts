/**
 * What one request may ask for: how deep, how many fields, and how much in all, where a list counts as many times as the
 * `first` that it is asked for with. Introspection is not counted: it is bounded by the schema.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { InputError } from '../errors';
import { MAX_COMPARED } from '../services/comparison';
import { MAX_THINGS } from '../services/neighbours';
import { MAX_EVENTS } from '../services/sequence-events';

export const LIMITS = {
  /** Fields inside fields. */
  depth: 15,
  /** Fields written in the query, aliases and fragments included. */
  fields: 500,
  /** Fields in the answer, at most. */
  cost: 25_000,
  /** Tokens of a query text. Long lists belong into variables. */
  tokens: 10_000,
  /** Bytes of a request. */
  bodyBytes: 4 * 1024 * 1024,
} as const;

/** What a list without a `first` (or with one that cannot be read) counts as. */
const USUAL_FIRST = 10;
/** A `first` beyond what lists allow is refused by the list itself; here it counts as the most. */
const MAX_FIRST = 100;

/** @throws InputError naming the limit */
export function checkLimits(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  let fields = 0;
  // Validation has refused fragments that contain themselves, and `fields` bounds how often they are followed.
  const costOf = (set: SelectionSetNode, depth: number): number => {
    if (depth > LIMITS.depth) throw beyond('depth', 'levels deep');
    let cost = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith('__')) continue;
        fields++;
        if (fields > LIMITS.fields) throw beyond('fields', 'fields long');
        const inside = selection.selectionSet ? costOf(selection.selectionSet, depth + 1) : 0;
        cost += (OWN_COST[selection.name.value] ?? 1) + inside * timesOf(selection, variables);
      } else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        fields++;
        if (fields > LIMITS.fields) throw beyond('fields', 'fields long');
        if (inner) cost += costOf(inner.selectionSet, depth);
      }
      if (cost > LIMITS.cost) throw beyond('cost', 'fields of answer');
    }
    return cost;
  };
  costOf(operation.selectionSet, 1);
}

function timesOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): number {
  const times = LENGTHS[field.name.value] ?? 1;
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value;
  if (!first) return LISTS.has(field.name.value) ? USUAL_FIRST * times : times;
  const value =
    first.kind === Kind.INT
      ? Number(first.value)
      : first.kind === Kind.VARIABLE
        ? Number(variables[first.name.value] ?? USUAL_FIRST)
        : USUAL_FIRST;
  return times * Math.min(Math.max(value || 1, 1), MAX_FIRST);
}

/**
 * Fields that are as long as their question, which count as if that were the longest. A comparison is a list by each of its
 * models.
 */
const LENGTHS: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), {
  compareModels: MAX_COMPARED,
  contextualVectors: MAX_EVENTS,
  oddOneOut: MAX_THINGS,
});

/** Fields that are more than one value: hundreds of numbers. */
const OWN_COST: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), { vector: 20 });

/** Fields that are lists of their usual length where no `first` is given. */
const LISTS: ReadonlySet<string> = new Set([
  'similarItems',
  'similar',
  'similarThings',
  'similarToText',
  'similarToEvents',
  'analogy',
  'compareModels',
  'nextItems',
  'recommendedItems',
  'suggestedFriends',
  'alerts',
  'models',
  'friends',
  'reasons',
  'streams',
  'partitions',
]);

function beyond(limit: 'depth' | 'fields' | 'cost', what: string): InputError {
  return new InputError('query', `The query is more than ${LIMITS[limit]} ${what}.`, {
    remedy: 'Ask for less at once, or in several requests.',
    facts: { limit },
  });
}
