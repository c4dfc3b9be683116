import { expect, test } from 'vitest'
import { modelReferenceSchema, splitModelReference, versionId } from './model-reference.ts'

test('a reference names a model, or one version of it', () => {
  expect(modelReferenceSchema.parse('resnet50')).toEqual({ name: 'resnet50' })
  expect(modelReferenceSchema.parse('resnet50@1.0-rc1')).toEqual({ name: 'resnet50', version: '1.0-rc1' })
  expect(splitModelReference(versionId({ name: 'a', version: '2' }))).toEqual({ name: 'a', version: '2' })
})

test.each(['', '@1', 'a@', 'a@1@2', 'A', 'a b', 'a@{1}'])('%j is none', (text) => {
  expect(modelReferenceSchema.safeParse(text).success).toBe(false)
})
