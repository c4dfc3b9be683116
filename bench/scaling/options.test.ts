import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('defaults are the modules’ and the edge’s', async () => {
  const options = await readOptions([])
  expect(options?.variants).toMatchObject([
    {
      label: '',
      numbers: { target: 80, 'min-size': 0, 'max-size': 4, warm: 600, deadline: 900, metric: 60 },
    },
  ])
})

test('a sweep is the same once for each value', async () => {
  const options = await readOptions(['--sweep', 'target=40,80.5', '--seed', '7'])
  expect(options?.variants.map(({ label, numbers }) => [label, numbers.target, numbers.seed])).toEqual([
    ['target 40', 40, 7],
    ['target 80.5', 80.5, 7],
  ])
})

test.each([
  [['--cloud', 'azure'], '--cloud must be aws, gcp'],
  [['--curve', 'flat'], '--curve must be steady, day, bursts, sparse, spot storm'],
  [['--target', '0'], '--target must be above 0'],
  [['--min-size', '5'], '--min-size must not be above --max-size'],
  [['--sweep', 'colour=1'], '--sweep colour: must be one of'],
  [['--sweep', 'target'], '--sweep must be a name and its values'],
  [['--sweep', 'target=0'], '--sweep target=0: must be above 0'],
])('%j is refused', async (args, reason) => {
  await expect(readOptions(args)).rejects.toThrow(reason)
})
