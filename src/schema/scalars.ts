/**
 * Scalars beyond GraphQL's own. On the way in they take whatever JSON could be meant (an event with a wrong time must
 * not spoil its neighbours): what a value is worth is judged where it is used, with the path of its field.
 */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/** A time as it came in: ISO 8601 text or epoch milliseconds, not yet judged. */
export type RawTime = string | number;

function literal(node: ValueNode, what: string): string | number {
  if (node.kind === Kind.STRING) return node.value;
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
  throw new GraphQLError(`${what} cannot be written as ${node.kind}.`, { nodes: node });
}

function textOrNumber(value: unknown, what: string): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new GraphQLError(`${what} is text or a number, not ${typeof value}.`);
}

export const DateTime = new GraphQLScalarType<RawTime, string>({
  name: 'DateTime',
  description: 'A time: ISO 8601 text (out, always in UTC) or, on the way in, also epoch milliseconds.',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: (value) => textOrNumber(value, 'A time'),
  parseLiteral: (node) => literal(node, 'A time'),
});

export const Decimal = new GraphQLScalarType<string | number, string>({
  name: 'Decimal',
  description: 'An exact decimal number with at most four decimals: text (out, always), or a number on the way in.',
  serialize: (value) => String(value),
  parseValue: (value) => textOrNumber(value, 'A decimal number'),
  parseLiteral: (node) => literal(node, 'A decimal number'),
});

export type Plain = string | number | boolean;

export const AttributeValue = new GraphQLScalarType<Plain, Plain>({
  name: 'AttributeValue',
  description: 'The value of an attribute: text, a number or a boolean.',
  serialize: (value) => value as Plain,
  parseValue: (value) => (typeof value === 'boolean' ? value : textOrNumber(value, 'The value of an attribute')),
  parseLiteral: (node) => (node.kind === Kind.BOOLEAN ? node.value : literal(node, 'The value of an attribute')),
});
