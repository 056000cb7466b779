/**
 * Reads a trainer's options out of the one place where they live, its schema: names, types, ranges, defaults, meaning. Help
 * texts show them, and whoever gave a value out of range is told.
 */
import { z } from 'zod';

export interface OptionDescription {
  readonly name: string;
  /** `whole number, 1 to 1024`. */
  readonly type: string;
  /** As one would type it; undefined where there is none. */
  readonly default?: string;
  /** Empty where the schema says nothing. */
  readonly meaning: string;
}

/** The part of JSON Schema that options use. */
interface Shape {
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Shape[];
  items?: Shape;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  /** What a text has to look like, in words, where the schema has them. */
  title?: string;
  default?: unknown;
  description?: string;
  properties?: Readonly<Record<string, Shape>>;
}

/** Bounds that only say "a safe integer" tell nobody anything. */
const telling = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function range(shape: Pick<Shape, 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum'>): string {
  const low = telling(shape.minimum)
    ? `${shape.minimum}`
    : telling(shape.exclusiveMinimum)
      ? `above ${shape.exclusiveMinimum}`
      : '';
  const high = telling(shape.maximum)
    ? `${shape.maximum}`
    : telling(shape.exclusiveMaximum)
      ? `below ${shape.exclusiveMaximum}`
      : '';
  // "above 0 to 1", but not "0 to below 1".
  if (low && high) return high.startsWith('below') ? `, ${low}, ${high}` : `, ${low} to ${high}`;
  if (low) return low.startsWith('above') ? `, ${low}` : `, ${low} or more`;
  if (high.startsWith('below')) return `, ${high}`;
  return high ? `, at most ${high}` : '';
}

function typeText(shape: Shape): string {
  if (shape.enum) return shape.enum.join(' | ');
  if (shape.const !== undefined) return String(shape.const);
  if (shape.anyOf) return shape.anyOf.map(typeText).join(' or ');
  switch (shape.type) {
    case 'integer':
      return `whole number${range(shape)}`;
    case 'number':
      return `number${range(shape)}`;
    case 'boolean':
      return 'true | false';
    case 'array': {
      const count = range({ minimum: shape.minItems, maximum: shape.maxItems }).slice(2);
      return `list with commas, ${count && `${count} of: `}${shape.items ? typeText(shape.items) : 'values'}`;
    }
    case 'string': {
      const length = range({ minimum: shape.minLength, maximum: shape.maxLength });
      return `${shape.title ?? 'text'}${length && `${length} characters`}`;
    }
    default:
      return shape.type ?? 'value';
  }
}

export function describeOptions(schema: z.ZodType): OptionDescription[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return Object.entries(properties).map(([name, shape]) => ({
    name,
    type: typeText(shape),
    default: Array.isArray(shape.default) ? shape.default.join(',') : shape.default?.toString(),
    meaning: shape.description ?? '',
  }));
}
