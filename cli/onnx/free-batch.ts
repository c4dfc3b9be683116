import type { NodeChange } from './edit-model.ts'
import type { GraphPart } from './graph-part.ts'
import { type Graph, graphsWithin, type Initializer, type Node } from './proto.ts'

/**
 * Lets a graph that was exported for `fixedBatch` images take any number: a Reshape of what comes from the image no longer
 * names the batch. Returns what becomes of which nodes for that, by their place; their constants are put into `part`. Whether
 * that was enough, only running the graph can show.
 */
export function freeBatch(
  graph: Graph,
  part: GraphPart,
  fixedBatch: number,
  image: string,
): Map<number, NodeChange> {
  const changes = new Map<number, NodeChange>()
  const constants = constantsOf(graph)
  const fromImage = new Set([image])
  for (const [place, node] of (graph.node ?? []).entries()) {
    if (!node.input?.some((name) => fromImage.has(name))) continue
    for (const output of node.output ?? []) fromImage.add(output)
    const [data, shapeName] = node.input
    if (node.opType !== 'Reshape' || !data || !shapeName || !fromImage.has(data)) continue
    const shape = constants.get(shapeName)
    if (!shape || shape[0] !== BigInt(fixedBatch)) continue
    if (takesZeroForZero(node) && shape.includes(0n)) continue
    // 0 stands for "as in the input", where the node is not told to take it for what it says.
    const free = part.constant('reshape', [shape.length], BigInt64Array.from([0n, ...shape.slice(1)]))
    changes.set(place, { inputs: [data, free], withoutAttribute: ZERO_FOR_ZERO })
  }
  return changes
}

/** A Reshape's attribute, which PyTorch's exporter gives each; without a 0 in its shape it changes nothing. */
const ZERO_FOR_ZERO = 'allowzero'

function takesZeroForZero({ attribute }: Node): boolean {
  return Number(attribute?.find(({ name }) => name === ZERO_FOR_ZERO)?.i ?? 0) !== 0
}

/** Constants that were inputs of nodes, and are none now that these nodes take others. */
export function unusedAfter(graph: Graph, changes: ReadonlyMap<number, NodeChange>): Set<string> {
  const before = new Set<string>()
  for (const place of changes.keys()) for (const name of graph.node?.[place]?.input ?? []) before.add(name)
  const [, ...inner] = graphsWithin(graph)
  const nodes = (graph.node ?? []).map((node, place) => changes.get(place)?.inputs ?? node.input ?? [])
  for (const names of [...nodes, ...inner.flatMap(({ node }) => node ?? []).map(({ input }) => input ?? [])])
    for (const name of names) before.delete(name)
  return before
}

/** Lists of int64 that the graph holds, by name. */
function constantsOf(graph: Graph): Map<string, bigint[]> {
  const constants = new Map<string, bigint[]>()
  const add = (name: string | null | undefined, tensor: Initializer) => {
    const values = int64sOf(tensor)
    if (name && values) constants.set(name, values)
  }
  for (const tensor of graph.initializer ?? []) add(tensor.name, tensor)
  for (const { opType, output, attribute } of graph.node ?? []) {
    const tensor = opType === 'Constant' ? attribute?.find(({ name }) => name === 'value')?.t : undefined
    if (tensor) add(output?.[0], tensor)
  }
  return constants
}

const INT64 = 7
/** More dimensions than a tensor of images has: not the shape of one. */
const MOST_DIMENSIONS = 8

function int64sOf({ dataType, dims, rawData, int64Data }: Initializer): bigint[] | undefined {
  if (dataType !== INT64 || dims?.length !== 1 || Number(dims[0]) > MOST_DIMENSIONS) return undefined
  if (!rawData?.length) return int64Data?.map((value) => BigInt(value.toString()))
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength)
  return Array.from({ length: rawData.length / 8 }, (_, i) => view.getBigInt64(i * 8, true))
}
