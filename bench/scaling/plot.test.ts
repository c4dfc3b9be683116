import { expect, test } from 'vitest'
import { svgPlot, textPlot } from './plot.ts'
import type { SimulationResult } from './simulate.ts'

const timeline = Array.from({ length: 72 }, (_, i) => ({
  ...{ second: 60 * i, load: 0.25, jobs: 0 },
  ...(i < 24
    ? { serving: 0, starting: 0 }
    : i < 48
      ? { serving: 0, starting: 1 }
      : { serving: 1, starting: 1 }),
}))
const result = { timeline, hours: 1.2 } as SimulationResult

test('machines that serve, that start, and the load are told apart', () => {
  const bar = (...parts: string[]) => parts.map((part) => part.repeat(24)).join('')
  expect(textPlot(result).split('\n')).toEqual([
    `  2 │${bar(' ', ' ', '░')}`,
    `    │${bar(' ', ' ', '░')}`,
    `  1 │${bar(' ', '░', '█')}`,
    `    │${bar('•', '•', '•')}`,
    `  0 └${'─'.repeat(72)}`,
    `     0${'1.2 h'.padStart(71)}`,
  ])
})

test('the picture is an SVG of its own, with nothing that is no number', () => {
  const picture = svgPlot('day', result)
  expect(picture).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/)
  expect(picture).not.toMatch(/NaN|undefined|Infinity/)
})
