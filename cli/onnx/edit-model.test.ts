import { expect, test } from 'vitest'
import { smallClassifier } from '../../test/support/small-classifier.ts'
import { editModel, type GraphEdits } from './edit-model.ts'
import { DataType, onnx, valueInfo } from './proto.ts'
import { fieldsOf, lengthDelimited } from './protobuf-wire.ts'

const NO_EDITS: GraphEdits = {
  irVersion: 10,
  input: valueInfo('image', DataType.UINT8, ['N', 3]),
  outputs: [valueInfo('best', DataType.FLOAT, ['N', 1])],
  before: [],
  after: [],
  initializers: [],
  changes: new Map(),
  unused: new Set(),
  withoutShapes: false,
}

/** A field of no schema so far. */
const fromTheFuture = Buffer.concat(lengthDelimited(900, [Buffer.from('not known here')]))
const GRAPH = 7
const NODE = 1

/** The small classifier with unknown fields in model, graph and nodes. */
function modelOfTheFuture(): Uint8Array {
  const inNode = ([field]: Uint8Array[]) => lengthDelimited(NODE, [field ?? new Uint8Array(), fromTheFuture])
  const graph = ({ content }: { content: Uint8Array }) =>
    [...fieldsOf(content)].flatMap(({ number, content: inner, whole }) =>
      number === NODE ? inNode([inner]) : [whole],
    )
  const fields = [...fieldsOf(smallClassifier().model)].flatMap((field) =>
    field.number === GRAPH ? lengthDelimited(GRAPH, [...graph(field), fromTheFuture]) : [field.whole],
  )
  return Buffer.concat([...fields, fromTheFuture])
}

const timesIn = (bytes: Uint8Array) =>
  Buffer.from(bytes).toString('latin1').split('not known here').length - 1

test('what no schema knows stays, in the model, its graph and its nodes', () => {
  const model = modelOfTheFuture()
  const nodes = onnx.ModelProto.decode(model).graph?.node?.length ?? 0
  expect(timesIn(model)).toBe(nodes + 2)
  expect(timesIn(editModel(model, NO_EDITS))).toBe(nodes + 2)
})

test('also in a node that is given other inputs', () => {
  const edited = editModel(modelOfTheFuture(), {
    ...NO_EDITS,
    changes: new Map([[0, { inputs: ['other', 'kernel'], withoutAttribute: 'none' }]]),
  })
  expect(timesIn(edited)).toBe(timesIn(modelOfTheFuture()))
  const [first, second] = onnx.ModelProto.decode(edited).graph?.node ?? []
  expect(first?.input).toEqual(['other', 'kernel'])
  expect(first?.attribute).not.toEqual([])
  expect(second?.input).toEqual(['convolved'])
})

test('inputs, outputs and the version of the format are replaced, nodes and constants added around', () => {
  const relu = (name: string) => ({ opType: 'Relu', input: ['x'], output: [name] })
  const edited = onnx.ModelProto.decode(
    editModel(smallClassifier().model, {
      ...NO_EDITS,
      before: [relu('first')],
      after: [relu('last')],
      initializers: [{ name: 'added', dims: [1], dataType: DataType.INT64, rawData: new Uint8Array(8) }],
    }),
  )
  expect(edited.irVersion?.toString()).toBe('10')
  expect(edited.graph?.input?.map(({ name }) => name)).toEqual(['image'])
  expect(edited.graph?.output?.map(({ name }) => name)).toEqual(['best'])
  const nodes = edited.graph?.node?.map(({ output }) => output?.[0])
  expect([nodes?.at(0), nodes?.at(-1)]).toEqual(['first', 'last'])
  expect(edited.graph?.initializer?.map(({ name }) => name)).toEqual(['kernel', 'dense', 'added'])
})

test('constants that nothing uses any more are left out', () => {
  const edited = editModel(smallClassifier().model, { ...NO_EDITS, unused: new Set(['kernel']) })
  expect(onnx.ModelProto.decode(edited).graph?.initializer?.map(({ name }) => name)).toEqual(['dense'])
})

test('shapes that are written down are dropped only where they may no longer hold', () => {
  const { graph, ...around } = onnx.ModelProto.decode(smallClassifier().model)
  const valueInfos = [valueInfo('convolved', DataType.FLOAT, [1, 8, 10, 10])]
  const model = onnx.ModelProto.encode({ ...around, graph: { ...graph, valueInfo: valueInfos } }).finish()
  const kept = (withoutShapes: boolean) =>
    onnx.ModelProto.decode(editModel(model, { ...NO_EDITS, withoutShapes })).graph?.valueInfo?.length
  expect([kept(false), kept(true)]).toEqual([1, 0])
})

test.each([
  ['a field that is cut off', [0x0a, 5, 1]],
  ['a number that does not end', [0x08, 0x80, 0x80]],
  ['a wire type that there is not', [0x0f, 0]],
])('%s is no message', (_, bytes) => {
  expect(() => [...fieldsOf(Uint8Array.from(bytes))]).toThrow(RangeError)
})
