import {
  type Attribute,
  DataType,
  type Graph,
  graphsWithin,
  type Initializer,
  type Node,
  onnx,
} from './proto.ts'

/** Nodes and constants to be put into a graph, under names that it does not use. */
export class GraphPart {
  readonly nodes: Node[] = []
  readonly initializers: Initializer[] = []
  /** Of the standard operators. */
  readonly opset: number
  readonly #taken: Set<string>

  /** `taken`: names in use, to which this part adds its own. Parts of one graph share it. */
  constructor(taken: Set<string>, opset: number) {
    this.#taken = taken
    this.opset = opset
  }

  /** `name`, or if that is taken, `name_2`, `name_3` and so on. */
  fresh(name: string): string {
    let free = name
    for (let i = 2; this.#taken.has(free); i++) free = `${name}_${i}`
    this.#taken.add(free)
    return free
  }

  /** A node with one output, whose name is returned. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, number | readonly number[]> = {},
  ): string {
    const output = this.fresh(`edgebatch_${op.toLowerCase()}`)
    this.nodeInto([output], op, inputs, attributes)
    return output
  }

  /** A node with outputs of names that are known already. */
  nodeInto(
    outputs: readonly string[],
    op: string,
    inputs: readonly string[],
    attributes: Record<string, number | readonly number[]> = {},
  ): void {
    this.nodes.push({
      name: this.fresh(`edgebatch_node_${op.toLowerCase()}`),
      opType: op,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => wholeNumbers(name, value)),
    })
  }

  constant(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): string {
    const free = this.fresh(`edgebatch_${name}`)
    this.initializers.push({
      name: free,
      dims: [...dims],
      dataType: data instanceof Float32Array ? DataType.FLOAT : DataType.INT64,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })
    return free
  }
}

function wholeNumbers(name: string, value: number | readonly number[]): Attribute {
  const { INT, INTS } = onnx.AttributeProto.AttributeType
  return typeof value === 'number' ? { name, type: INT, i: value } : { name, type: INTS, ints: [...value] }
}

/** All names of values, nodes and dimensions in a graph and the graphs within it. */
export function namesWithin(graph: Graph): Set<string> {
  const names = new Set<string>()
  const add = (name: string | null | undefined) => name && names.add(name)
  for (const inner of graphsWithin(graph)) {
    for (const { name } of inner.initializer ?? []) add(name)
    for (const { values } of inner.sparseInitializer ?? []) add(values?.name)
    for (const { name, input, output } of inner.node ?? [])
      for (const used of [name, ...(input ?? []), ...(output ?? [])]) add(used)
    for (const { name, type } of [
      ...(inner.input ?? []),
      ...(inner.output ?? []),
      ...(inner.valueInfo ?? []),
    ]) {
      add(name)
      for (const { dimParam } of type?.tensorType?.shape?.dim ?? []) add(dimParam)
    }
  }
  return names
}
