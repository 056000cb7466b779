/**
 * Where in the arguments a wrong value stands, for errors that GraphQL itself raises before any resolver runs: the library
 * says so in words only.
 */
import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  Kind,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { coerceInputValue } from 'graphql/utilities/coerceInputValue';

const VALUE_KINDS: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);

/** `where.attributes[0].name` for an error about a value written in the query; undefined for any other error. */
export function literalPath(error: GraphQLError, document: DocumentNode): string | undefined {
  const node = error.nodes?.[0];
  return node && VALUE_KINDS.has(node.kind) ? pathOfNode(document, node) : undefined;
}

/** The same for an error about the value of a variable, in terms of the argument that uses it. */
export function variablePath(
  error: GraphQLError,
  request: { document: DocumentNode; schema: GraphQLSchema; variables: Readonly<Record<string, unknown>> },
): string | undefined {
  const definition = error.nodes?.[0];
  if (definition?.kind !== Kind.VARIABLE_DEFINITION) return undefined;
  const name = definition.variable.name.value;
  const argument = pathOfVariable(request.document, name) ?? name;
  const inside = firstWrong(definition, request);
  return inside ? join([argument, ...inside]) : argument;
}

function firstWrong(
  definition: VariableDefinitionNode,
  { schema, variables }: { schema: GraphQLSchema; variables: Readonly<Record<string, unknown>> },
): readonly (string | number)[] | undefined {
  const type = typeFromAST(schema, definition.type as never);
  const value = variables[definition.variable.name.value];
  if (!type || !isInputType(type) || value === undefined) return undefined;
  let found: readonly (string | number)[] | undefined;
  coerceInputValue(value, type, (path, wrong) => {
    const unknown = unknownField(type, path, wrong);
    found ??= unknown === undefined ? path : [...path, unknown];
  });
  return found;
}

/** The first field of an object that its type does not have. */
function unknownField(root: GraphQLInputType, path: readonly (string | number)[], value: unknown): string | undefined {
  let type = getNullableType(root);
  for (const step of path) {
    if (isListType(type) && typeof step === 'number') type = getNullableType(type.ofType);
    else if (isInputObjectType(type)) type = getNullableType(type.getFields()[step].type);
  }
  if (!isInputObjectType(type) || typeof value !== 'object' || value === null) return undefined;
  const known = type.getFields();
  return Object.keys(value).find((name) => !Object.hasOwn(known, name));
}

function pathOfVariable(document: DocumentNode, name: string): string | undefined {
  let found: string | undefined;
  visit(document, {
    Argument(argument) {
      const path = pathInside(argument, (node) => node.kind === Kind.VARIABLE && node.name.value === name);
      found ??= path;
    },
  });
  return found;
}

function pathOfNode(document: DocumentNode, wanted: ASTNode): string | undefined {
  let found: string | undefined;
  visit(document, {
    Argument(argument) {
      found ??= pathInside(argument, (node) => node === wanted);
    },
  });
  return found;
}

function pathInside(argument: ArgumentNode, isWanted: (node: ASTNode) => boolean): string | undefined {
  const search = (node: ASTNode, path: readonly (string | number)[]): readonly (string | number)[] | undefined => {
    if (isWanted(node)) return path;
    if (node.kind === Kind.LIST) return firstOf(node.values, (value, at) => search(value, [...path, at]));
    if (node.kind !== Kind.OBJECT) return undefined;
    return firstOf(node.fields, (field) => {
      const inside = [...path, field.name.value];
      return isWanted(field) ? inside : search(field.value, inside);
    });
  };
  const path = search(argument.value, [argument.name.value]);
  return path && join(path);
}

function firstOf<Value, Found>(
  values: readonly Value[],
  look: (value: Value, at: number) => Found | undefined,
): Found | undefined {
  for (let at = 0; at < values.length; at++) {
    const found = look(values[at], at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function join(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${step}`)).join('');
}
