import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../user-error.ts'
import { writePackage } from './write-package.ts'

let repository: string
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'edgebatch-write-'))
})
afterEach(() => rm(repository, { recursive: true }))

const version = () => join(repository, 'm', '1')
const running = new AbortController().signal
const write = (text: string, replace = false, stopped = running, check = async () => {}) =>
  writePackage(version(), { 'model.json': text }, { replace, stopped }, check)
const there = () => readFile(join(version(), 'model.json'), 'utf8')

test('a package is in its place once it is whole and checked, and nothing else is left', async () => {
  const seen: string[][] = []
  await write('new', false, running, async () => {
    seen.push((await readdir(repository)).filter((name) => !name.startsWith('.')))
  })
  expect(seen).toEqual([[]])
  expect(await there()).toBe('new')
  expect(await readdir(repository)).toEqual(['m'])
})

test('what the check refuses leaves the package before it as it was', async () => {
  await write('old')
  const refuse = async () => {
    throw new UserError('no')
  }
  await expect(write('new', true, running, refuse)).rejects.toThrow('no')
  expect(await there()).toBe('old')
  expect(await readdir(repository)).toEqual(['m'])
})

test('so does the user who stops it', async () => {
  await write('old')
  const stop = new AbortController()
  await expect(write('new', true, stop.signal, async () => stop.abort())).rejects.toThrow(/aborted/)
  expect(await there()).toBe('old')
  expect(await readdir(repository)).toEqual(['m'])
})

test('a version that appeared meanwhile is not replaced', async () => {
  const appear = async () => {
    await mkdir(version(), { recursive: true })
    await writeFile(join(version(), 'model.json'), 'of another')
  }
  await expect(write('new', false, running, appear)).rejects.toThrow(/exists already/)
  expect(await there()).toBe('of another')
})

test('a repository that cannot be written is named', async () => {
  await writeFile(join(repository, 'm'), 'a file')
  await expect(write('new')).rejects.toThrow(/m\/1: cannot be written: /)
  expect(await readdir(repository)).toEqual(['m'])
})
