import { type AxisWeights, axisWeights } from '../../../shared/axis-weights.ts'
import { undecodable } from '../../../shared/image-problems.ts'
import type { Resize } from '../../../shared/model-manifest.ts'
import type { Picture, RgbTile, RowSink } from '../../../shared/pixels.ts'
import { RESAMPLING_KERNELS } from '../../../shared/resampling-kernel.ts'
import type { ResizePlan } from '../../../shared/resize-plan.ts'
import type { CodecInstance } from '../replaceable-codec.ts'
import { type BoxPlan, planBoxes } from './box-plan.ts'
import { writeFixedWeights } from './fixed-point-weights.ts'
import { layOutResizer, type ResizerLayout, type ResizerSizes } from './resizer-layout.ts'

/** What `resizer.wasm` (made of `assembly/`) exports. Pointers are byte offsets. */
interface ResizerWasm {
  readonly memory: WebAssembly.Memory
  setSource(strip: number, width: number, hasAlpha: number): void
  setBox(factorX: number, factorY: number, sums: number, averages: number): void
  setColumns(
    count: number,
    first: number,
    weights: number,
    pairsEach: number,
    pairs: number,
    begin: number,
    end: number,
  ): void
  setRows(count: number, first: number, weights: number, taps: number, ring: number, ringRows: number): void
  setOutput(output: number): void
  start(row: number): void
  push(rows: number, last: number): void
}

/** One axis of a picture that is being resampled. */
interface Axis extends BoxPlan {
  readonly weights: AxisWeights
  /** The blocks that have a part in the output; `begin` is even. */
  readonly begin: number
  readonly end: number
}

/**
 * Resamples pictures while they are being decoded. Holds a strip of the picture, a few filtered rows and the output: its
 * memory does not depend on the picture's height.
 */
export class Resizer implements CodecInstance {
  readonly #wasm: ResizerWasm

  constructor(module: WebAssembly.Module) {
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as ResizerWasm
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /**
   * What `plan` wants of a picture, still as stored, transparency on black. `decode` is called once and hands the
   * picture's rows to the sink it is given; ProblemError 'undecodable-image' if they are not as many as it has.
   */
  resample(
    picture: Picture,
    plan: ResizePlan,
    kernel: Resize['kernel'],
    decode: (sink: RowSink) => void,
  ): RgbTile {
    const columns = planAxis(kernel, picture.spanX, plan.columns)
    const rows = planAxis(kernel, picture.spanY, plan.rows)
    const layout = this.#prepare(picture, columns, rows)
    const wanted = { begin: rows.begin * rows.factor, end: Math.min(rows.end * rows.factor, picture.height) }
    const received = this.#receive(picture, wanted, layout, decode)
    if (received !== picture.height) throw undecodable('The image contradicts its header.')
    const { outputs: width } = columns.weights
    const { outputs: height } = rows.weights
    const output = new Uint8Array(this.#wasm.memory.buffer, layout.output, width * height * 3)
    return { data: output.slice(), width, height }
  }

  #prepare(picture: Picture, columns: Axis, rows: Axis): ResizerLayout {
    const layout = layOutResizer(sizesOf(picture, columns, rows))
    const missing = layout.end - this.memoryBytes
    if (missing > 0) this.#wasm.memory.grow(Math.ceil(missing / 65_536))
    const { memory } = this.#wasm
    const columnFirst = columns.weights.first.map((first) => first >> 1)
    new Int32Array(memory.buffer, layout.columnFirst, columnFirst.length).set(columnFirst)
    writeWeights(memory, layout.columnWeights, columns.weights, pairsOfColumns(columns.weights), true)
    new Int32Array(memory.buffer, layout.rowFirst, rows.weights.outputs).set(rows.weights.first)
    writeWeights(memory, layout.rowWeights, rows.weights, pairsOfRows(rows.weights), false)
    this.#wasm.setSource(layout.strip, picture.width, picture.hasAlpha ? 1 : 0)
    this.#wasm.setBox(columns.factor, rows.factor, layout.sums, layout.averages)
    this.#wasm.setColumns(
      columns.weights.outputs,
      layout.columnFirst,
      layout.columnWeights,
      pairsOfColumns(columns.weights),
      layout.pairs,
      columns.begin,
      columns.end,
    )
    this.#wasm.setRows(
      rows.weights.outputs,
      layout.rowFirst,
      layout.rowWeights,
      rows.weights.taps,
      layout.ring,
      layout.ringRows,
    )
    this.#wasm.setOutput(layout.output)
    this.#wasm.start(rows.begin)
    return layout
  }

  /** Passes on the rows that are wanted, strip by strip; returns how many came. */
  #receive(
    { width }: Picture,
    wanted: { begin: number; end: number },
    layout: ResizerLayout,
    decode: (sink: RowSink) => void,
  ): number {
    const rowBytes = width * 4
    const strip = new Uint8Array(this.#wasm.memory.buffer, layout.strip, layout.stripRows * rowBytes)
    let received = 0
    decode((data) => {
      const came = data.length / rowBytes
      const end = Math.min(received + came, wanted.end)
      for (let row = Math.max(received, wanted.begin); row < end; row += layout.stripRows) {
        const stop = Math.min(row + layout.stripRows, end)
        strip.set(data.subarray((row - received) * rowBytes, (stop - received) * rowBytes))
        this.#wasm.push(stop - row, stop === wanted.end ? 1 : 0)
      }
      received += came
    })
    return received
  }
}

function planAxis(kernel: Resize['kernel'], span: number, axis: ResizePlan['columns']): Axis {
  const boxes = planBoxes(span, axis)
  const weights = axisWeights(RESAMPLING_KERNELS[kernel], boxes.blocks, boxes.span, axis)
  const [first, last] = [weights.first[0] as number, weights.first.at(-1) as number]
  return { ...boxes, weights, begin: first - (first % 2), end: last + weights.taps }
}

/** Columns are read in pairs that start at even blocks: a first weight may be in the second half of its pair. */
function pairsOfColumns({ taps }: AxisWeights): number {
  return (taps >> 1) + 1
}

function pairsOfRows({ taps }: AxisWeights): number {
  return (taps + 1) >> 1
}

function writeWeights(
  memory: WebAssembly.Memory,
  at: number,
  weights: AxisWeights,
  pairsEach: number,
  aligned: boolean,
): void {
  const target = new Int16Array(memory.buffer, at, weights.outputs * pairsEach * 2).fill(0)
  for (let i = 0; i < weights.outputs; i++) {
    const lead = aligned ? (weights.first[i] as number) & 1 : 0
    writeFixedWeights(weights, i, target, i * pairsEach * 2 + lead)
  }
}

function sizesOf(picture: Picture, columns: Axis, rows: Axis): ResizerSizes {
  return {
    sourceWidth: picture.width,
    blocks: columns.blocks,
    columns: columns.weights.outputs,
    columnPairs: pairsOfColumns(columns.weights),
    rows: rows.weights.outputs,
    rowPairs: pairsOfRows(rows.weights),
    rowTaps: rows.weights.taps,
  }
}
