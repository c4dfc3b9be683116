import type { SimulationResult } from './simulate.ts'

const WIDTH = 72
/** Of half a machine each. */
const ROWS_PER_MACHINE = 2

interface Column {
  serving: number
  /** With those that start. */
  launched: number
  load: number
}

/** Machines over time as text: `█` serve, `░` start, `•` is the load in machines' worth. */
export function textPlot({ timeline, hours }: SimulationResult): string {
  const columns = inColumns(timeline, WIDTH)
  const top = Math.ceil(Math.max(1, ...columns.map(({ launched, load }) => Math.max(launched, load))))
  const lines = Array.from({ length: top * ROWS_PER_MACHINE }, (_, i) => {
    const upper = top - i / ROWS_PER_MACHINE
    const label = Number.isInteger(upper) ? String(upper) : ''
    return `${label.padStart(3)} │${columns.map((column) => cell(column, upper)).join('')}`
  })
  const end = `${hours} h`
  return [...lines, `  0 └${'─'.repeat(WIDTH)}`, `     0${end.padStart(WIDTH - 1)}`].join('\n')
}

function cell({ serving, launched, load }: Column, upper: number): string {
  const lower = upper - 1 / ROWS_PER_MACHINE
  if (load > lower && load <= upper) return '•'
  if (serving >= upper) return '█'
  return launched >= upper ? '░' : ' '
}

/** The most of each number within each column, of the load its mean. */
function inColumns(timeline: SimulationResult['timeline'], count: number): Column[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * timeline.length) / count)
    const to = Math.max(from + 1, Math.floor(((i + 1) * timeline.length) / count))
    const points = timeline.slice(from, to)
    const most = (pick: (point: SimulationResult['timeline'][number]) => number) =>
      Math.max(...points.map(pick))
    return {
      serving: most(({ serving }) => serving),
      launched: most(({ serving, starting }) => serving + starting),
      load: points.reduce((sum, { load }) => sum + load, 0) / points.length,
    }
  })
}

const [PICTURE_WIDTH, PICTURE_HEIGHT, MARGIN] = [900, 300, 40]

/** The same as an SVG: machines that serve and start as areas, the load as a line. */
export function svgPlot(title: string, { timeline, hours }: SimulationResult): string {
  const top = Math.ceil(
    Math.max(1, ...timeline.map(({ serving, starting, load }) => Math.max(serving + starting, load))),
  )
  const x = (second: number) => round(MARGIN + ((PICTURE_WIDTH - 2 * MARGIN) * second) / (hours * 3_600))
  const y = (machines: number) =>
    round(PICTURE_HEIGHT - MARGIN - ((PICTURE_HEIGHT - 2 * MARGIN) * machines) / top)
  const steps = (height: (point: SimulationResult['timeline'][number]) => number) =>
    timeline
      .map((point, i) => `${i === 0 ? 'M' : 'H'}${x(point.second)}${i === 0 ? ' ' : 'V'}${y(height(point))}`)
      .join('')
  const area = (height: Parameters<typeof steps>[0], colour: string) =>
    `<path fill="${colour}" d="${steps(height)}H${x(hours * 3_600)}V${y(0)}H${x(0)}Z"/>`
  const marks = Array.from(
    { length: top + 1 },
    (_, machines) => `<text x="${MARGIN - 8}" y="${y(machines) + 4}" text-anchor="end">${machines}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PICTURE_WIDTH} ${PICTURE_HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/><text x="${MARGIN}" y="20">${title}: machines that serve (dark) and start (light), and the load in machines' worth</text>`,
    area(({ serving, starting }) => serving + starting, '#c7d7ee'),
    area(({ serving }) => serving, '#5b84c4'),
    `<path fill="none" stroke="#c2410c" stroke-width="1.5" d="${timeline.map(({ second, load }, i) => `${i === 0 ? 'M' : 'L'}${x(second)} ${y(load)}`).join('')}"/>`,
    ...marks,
    `<text x="${PICTURE_WIDTH - MARGIN}" y="${PICTURE_HEIGHT - MARGIN + 20}" text-anchor="end">${hours} h</text>`,
    '</svg>\n',
  ].join('\n')
}

const round = (pixels: number) => Math.round(pixels * 10) / 10
