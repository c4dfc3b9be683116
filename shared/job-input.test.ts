import { expect, test } from 'vitest'
import { JOB_INPUT_FIELDS, type JobInput, jobInputFields, readJobInput } from './job-input.ts'

const INPUTS: JobInput[] = [
  { kind: 'tensor', dtype: 'uint8', shape: [224, 224, 3], encoding: 'base64' },
  { kind: 'tensor', dtype: 'uint8', shape: [1], encoding: 'raw' },
  { kind: 'image', type: 'avif', encoding: 'base64' },
  { kind: 'image', type: 'jpeg', encoding: 'raw' },
]

/** As a claim returns them: null for what a hash does not have. */
function claimed(fields: Partial<Record<string, string>>): (string | null)[] {
  return JOB_INPUT_FIELDS.map((field) => fields[field] ?? null)
}

test.each(INPUTS)('what is written of an input is read back: %j', (input) => {
  expect(readJobInput(claimed(jobInputFields(input)))).toEqual(input)
})

const [tensor, image] = [INPUTS[0], INPUTS[2]].map((input) => jobInputFields(input as JobInput))

test.each([
  ['none at all', {}],
  ['an unknown kind', { ...image, input: 'video' }],
  ['a tensor under the name of an image', { ...tensor, input: 'image' }],
  ['an image under the name of a tensor', { ...image, input: 'tensor' }],
  ['an image of an unknown type', { ...image, image_type: 'svg' }],
  ['an unknown encoding', { ...image, encoding: 'hex' }],
  ['a tensor without a shape', { ...tensor, shape: '' }],
  ['a tensor with a shape in words', { ...tensor, shape: 'large' }],
  ['a tensor with a side of 0', { ...tensor, shape: '0,224,3' }],
])('%s is no input', (_, fields) => {
  expect(readJobInput(claimed(fields))).toBeUndefined()
})
