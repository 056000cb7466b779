/**
 * Writes ONNX models as protocol buffers: the messages of onnx.proto that a graph of ours uses, by their published field
 * numbers (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), and nothing else of the format. Any ONNX runtime
 * reads the bytes. Reading them back exists for tests and for whoever wants to look inside.
 */
import { type IField, type IType, Root, type Type } from 'protobufjs/light';

/** TensorProto.DataType. */
export const ELEMENT_CODES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_CODES;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_CODES = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7 } as const;

export interface DimensionProto {
  dimValue?: number;
  dimParam?: string;
}

export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: DimensionProto[] } } };
}

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  /** Little-endian, row-major. */
  rawData: Uint8Array;
}

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
}

export interface NodeProto {
  name: string;
  opType: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  opsetImport: { domain: string; version: number }[];
  graph: GraphProto;
}

/** A message whose fields are written as `name: 'number type'`; `*` before the type makes a field repeated. */
function message(fields: Record<string, string>): IType {
  const described = Object.entries(fields).map(([name, text]): [string, IField] => {
    const [id, type] = text.split(' ');
    const field = { id: Number(id), type: type.replace('*', '') };
    return [name, type.startsWith('*') ? { ...field, rule: 'repeated' } : field];
  });
  // onnx.proto is proto2: a field that is set is written, also when it is 0.
  return { edition: 'proto2', fields: Object.fromEntries(described) };
}

const onnx = Root.fromJSON({
  nested: {
    ModelProto: message({
      irVersion: '1 int64',
      producerName: '2 string',
      graph: '7 GraphProto',
      opsetImport: '8 *OperatorSetIdProto',
    }),
    OperatorSetIdProto: message({ domain: '1 string', version: '2 int64' }),
    GraphProto: message({
      node: '1 *NodeProto',
      name: '2 string',
      initializer: '5 *TensorProto',
      input: '11 *ValueInfoProto',
      output: '12 *ValueInfoProto',
    }),
    NodeProto: message({
      input: '1 *string',
      output: '2 *string',
      name: '3 string',
      opType: '4 string',
      attribute: '5 *AttributeProto',
    }),
    AttributeProto: message({
      name: '1 string',
      f: '2 float',
      i: '3 int64',
      s: '4 bytes',
      g: '6 GraphProto',
      floats: '7 *float',
      ints: '8 *int64',
      type: '20 int32',
    }),
    TensorProto: message({ dims: '1 *int64', dataType: '2 int32', name: '8 string', rawData: '9 bytes' }),
    ValueInfoProto: message({ name: '1 string', type: '2 TypeProto' }),
    TypeProto: message({ tensorType: '1 TensorTypeProto' }),
    TensorTypeProto: message({ elemType: '1 int32', shape: '2 TensorShapeProto' }),
    TensorShapeProto: message({ dim: '1 *DimensionProto' }),
    DimensionProto: message({ dimValue: '1 int64', dimParam: '2 string' }),
  },
});

const modelType: Type = onnx.lookupType('ModelProto');

export function encodeModel(model: ModelProto): Uint8Array {
  // A copy: protobufjs hands out a slice of a pooled buffer, which could neither be transferred nor kept apart.
  return new Uint8Array(modelType.encode(modelType.create({ ...model })).finish());
}

export function decodeModel(bytes: Uint8Array): ModelProto {
  return modelType.toObject(modelType.decode(bytes), { longs: Number, arrays: true }) as unknown as ModelProto;
}
