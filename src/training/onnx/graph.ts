/**
 * A graph under construction and the tensors in it. Ops (in `operations/`) append nodes and say how to differentiate them;
 * `model()` writes the whole as ONNX. A graph inside another (the body of a Loop) sees its parent's tensors.
 */
import {
  ATTRIBUTE_CODES,
  type AttributeProto,
  ELEMENT_CODES,
  type ElementType,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './protobuf';
import { type Shape, ShapeError, sizeOf } from './shape';

/** Opset 20 has every op we use; IR version 9 is the one that came with it. */
const OPSET = 20;
const IR_VERSION = 9;

/** What one input of an op owes to the op's output: given dLoss/dOutput, the dLoss/dInput. */
export type InputGradient = (upstream: Tensor) => Tensor;

export class Tensor {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly shape: Shape,
    readonly type: ElementType,
    /** The tensors it was computed from. */
    readonly inputs: readonly Tensor[] = [],
    /** One entry an input; undefined where nothing flows back (an index, a mask). */
    readonly gradients: readonly (InputGradient | undefined)[] = [],
  ) {}
}

export type AttributeValue = number | string | readonly number[] | Graph | { readonly float: number };

export interface NodeOptions {
  readonly shape: Shape;
  /** @default 'float32' */
  readonly type?: ElementType;
  /** Integers become ints; a number that must be a float even when whole is given as `{ float }`. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly gradients?: readonly (InputGradient | undefined)[];
}

export class Graph {
  private readonly nodes: NodeProto[] = [];
  private readonly inputs: Tensor[] = [];
  private readonly outputs: { name: string; tensor: Tensor }[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly constants = new Map<string, Tensor>();
  /** Names are unique across a graph and all graphs inside it, as ONNX asks. */
  private readonly names: Set<string>;

  constructor(readonly parent?: Graph) {
    this.names = parent?.names ?? new Set();
  }

  input(name: string, shape: Shape, type: ElementType = 'float32'): Tensor {
    const tensor = new Tensor(this, this.claim(name), shape, type);
    this.inputs.push(tensor);
    return tensor;
  }

  /** A named output is a copy of the tensor; one that nobody has to find by name goes out as it is, without a copy. */
  output(tensor: Tensor, name?: string): void {
    if (name !== undefined) {
      this.claim(name);
      this.nodes.push({
        name: `${name}/node`,
        opType: 'Identity',
        input: [tensor.name],
        output: [name],
        attribute: [],
      });
    } else if (tensor.graph !== this || this.inputs.includes(tensor)) {
      throw new ShapeError('output', `${tensor.name} was not computed in this graph`, [tensor.shape]);
    }
    this.outputs.push({ name: name ?? tensor.name, tensor });
  }

  /** Values that are part of the model, such as trained weights. */
  constant(name: string, shape: Shape, values: Float32Array | Int32Array | BigInt64Array): Tensor {
    return this.store(this.claim(name), shape, values);
  }

  scalar(value: number): Tensor {
    return this.shared(`scalar ${value}`, (root) => root.store(root.unique('scalar'), [], Float32Array.of(value)));
  }

  /** int64, as ONNX wants axes, shapes and bounds. */
  integers(values: readonly number[]): Tensor {
    return this.shared(`integers ${values}`, (root) =>
      root.store(root.unique('integers'), [values.length], BigInt64Array.from(values, BigInt)),
    );
  }

  /** Appends a node with one output to the innermost graph among its inputs'. */
  static node(opType: string, inputs: readonly Tensor[], options: NodeOptions): Tensor {
    const graph = inputs.reduce((inner, { graph: other }) => innermost(opType, inner, other), inputs[0].graph);
    return graph.append(opType, inputs, [options])[0];
  }

  append(opType: string, inputs: readonly Tensor[], outputs: readonly NodeOptions[]): Tensor[] {
    const tensors = outputs.map(
      ({ shape, type = 'float32', gradients }) =>
        new Tensor(this, this.unique(opType), shape, type, gradients ? inputs : [], gradients),
    );
    this.nodes.push({
      name: `${tensors[0].name}/node`,
      opType,
      input: inputs.map(({ name }) => name),
      output: tensors.map(({ name }) => name),
      attribute: Object.entries(outputs[0].attributes ?? {}).map(([name, value]) => attribute(name, value)),
    });
    return tensors;
  }

  /** The graph as an ONNX file. */
  model(): Uint8Array {
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'kindred',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: this.proto('graph'),
    });
  }

  proto(name: string): GraphProto {
    return {
      name,
      node: this.nodes,
      initializer: this.initializers,
      input: this.inputs.map((tensor) => valueInfo(tensor.name, tensor)),
      output: this.outputs.map((output) => valueInfo(output.name, output.tensor)),
    };
  }

  contains(other: Graph): boolean {
    return other === this || (other.parent !== undefined && this.contains(other.parent));
  }

  /** Constants live in the outermost graph, once each. */
  private shared(key: string, make: (root: Graph) => Tensor): Tensor {
    if (this.parent) return this.parent.shared(key, make);
    const known = this.constants.get(key) ?? make(this);
    this.constants.set(key, known);
    return known;
  }

  private unique(prefix: string): string {
    let name = `${prefix}_${this.names.size}`;
    while (this.names.has(name)) name += '_';
    this.names.add(name);
    return name;
  }

  private claim(name: string): string {
    if (this.names.has(name)) throw new ShapeError('graph', `the name "${name}" is taken already`, []);
    this.names.add(name);
    return name;
  }

  private store(name: string, shape: Shape, values: Float32Array | Int32Array | BigInt64Array): Tensor {
    const size = sizeOf(shape, 'constant');
    if (size !== values.length) throw new ShapeError('constant', `"${name}" has ${values.length} values`, [shape]);
    const type = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'int64';
    const dims = shape as number[];
    this.initializers.push({ name, dims, dataType: ELEMENT_CODES[type], rawData: littleEndian(values) });
    return new Tensor(this, name, shape, type);
  }
}

function innermost(op: string, a: Graph, b: Graph): Graph {
  if (a.contains(b)) return b;
  if (b.contains(a)) return a;
  throw new ShapeError(op, 'its inputs come from graphs of which neither holds the other', []);
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'string') return { name, type: ATTRIBUTE_CODES.string, s: Buffer.from(value, 'utf8') };
  if (value instanceof Graph) return { name, type: ATTRIBUTE_CODES.graph, g: value.proto(name) };
  if (typeof value === 'object' && 'float' in value) return { name, type: ATTRIBUTE_CODES.float, f: value.float };
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? { name, type: ATTRIBUTE_CODES.int, i: value }
      : { name, type: ATTRIBUTE_CODES.float, f: value };
  return { name, type: ATTRIBUTE_CODES.ints, ints: [...value] };
}

function valueInfo(name: string, { shape, type }: Tensor): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_CODES[type], shape: { dim } } } };
}

/** ONNX stores little-endian; so does every host that onnxruntime-node is built for, and its typed arrays. */
function littleEndian(values: Float32Array | Int32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
}
