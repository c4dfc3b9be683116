import onnxProto from 'onnx-proto'
import { seededWeights } from './seeded-weights.ts'

const { onnx } = onnxProto
const { FLOAT } = onnx.TensorProto.DataType
type Node = onnxProto.onnx.INodeProto
type Tensor = onnxProto.onnx.ITensorProto

const STAGES = [
  { width: 64, blocks: 3 },
  { width: 128, blocks: 4 },
  { width: 256, blocks: 6 },
  { width: 512, blocks: 3 },
]
const CLASSES = 1000

/**
 * An ONNX file of ResNet-50 with weights that mean nothing: 25.5 million of them, always the same, batch norms folded into
 * the convolutions. Input `input`, float32 [N, 3, 224, 224]; output `logits`, float32 [N, 1000], finite and different for
 * different images.
 */
export function resnet50(): Uint8Array {
  const network = new Network()
  let value = network.relu(network.conv('input', 3, 64, { kernel: 7, stride: 2, gain: 1 }))
  value = network.node('MaxPool', [value], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
  let channels = 64
  for (const [stage, { width, blocks }] of STAGES.entries())
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1
      value = network.bottleneck(value, channels, width, stride)
      channels = width * 4
    }
  value = network.node('Flatten', [network.node('GlobalAveragePool', [value])], { axis: 1 })
  network.classify(value, channels)
  return network.encode()
}

interface Convolution {
  kernel: number
  stride: number
  /** Of the variance that a ReLU halves: 1 keeps it as it was. */
  gain: number
}

class Network {
  readonly #nodes: Node[] = []
  readonly #tensors: Tensor[] = []
  readonly #weights = seededWeights(50)

  node(opType: string, input: string[], attributes: Record<string, number | number[]> = {}): string {
    const { INT, INTS } = onnx.AttributeProto.AttributeType
    const output = `v${this.#nodes.length}`
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number' ? { name, type: INT, i: value } : { name, type: INTS, ints: value },
    )
    this.#nodes.push({ opType, input, output: [output], attribute })
    return output
  }

  relu(value: string): string {
    return this.node('Relu', [value])
  }

  conv(value: string, from: number, to: number, { kernel, stride, gain }: Convolution): string {
    const fanIn = from * kernel * kernel
    const weight = this.tensor([to, from, kernel, kernel], gain * Math.sqrt(6 / fanIn))
    const pad = kernel >> 1
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    }
    return this.node('Conv', [value, weight, this.tensor([to], 0.05)], attributes)
  }

  bottleneck(value: string, from: number, width: number, stride: number): string {
    const to = width * 4
    let branch = this.relu(this.conv(value, from, width, { kernel: 1, stride: 1, gain: 1 }))
    branch = this.relu(this.conv(branch, width, width, { kernel: 3, stride, gain: 1 }))
    // A branch adds to what passes by it; a small one keeps sixteen of them from growing without bound.
    branch = this.conv(branch, width, to, { kernel: 1, stride: 1, gain: 0.3 })
    const same = from === to && stride === 1
    const shortcut = same ? value : this.conv(value, from, to, { kernel: 1, stride, gain: 0.8 })
    return this.relu(this.node('Add', [branch, shortcut]))
  }

  classify(value: string, from: number): void {
    const weight = this.tensor([CLASSES, from], 0.15)
    const input = [value, weight, this.tensor([CLASSES], 0.05)]
    const attribute = [{ name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 }]
    this.#nodes.push({ opType: 'Gemm', input, output: ['logits'], attribute })
  }

  tensor(dims: number[], scale: number): string {
    const data = this.#weights(
      dims.reduce((product, dim) => product * dim, 1),
      scale,
    )
    const name = `w${this.#tensors.length}`
    this.#tensors.push({ name, dims, dataType: FLOAT, rawData: new Uint8Array(data.buffer) })
    return name
  }

  encode(): Uint8Array {
    const value = (name: string, shape: (number | string)[]) => ({
      name,
      type: {
        tensorType: {
          elemType: FLOAT,
          shape: { dim: shape.map((s) => (typeof s === 'number' ? { dimValue: s } : { dimParam: s })) },
        },
      },
    })
    const model = {
      irVersion: 8,
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: 'resnet50',
        input: [value('input', ['N', 3, 224, 224])],
        output: [value('logits', ['N', CLASSES])],
        node: this.#nodes,
        initializer: this.#tensors,
      },
    }
    return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish()
  }
}
