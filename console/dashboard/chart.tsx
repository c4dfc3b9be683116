import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface ChartLine {
  name: string
  values: (number | null)[]
}

interface ChartProps {
  title: string
  /** Seconds since the epoch. */
  times: number[]
  lines: readonly ChartLine[]
  format: (value: number) => string
  /** The scale reaches at least up to it: what is next to nothing looks so. */
  least: number
  /** As uPlot has it. */
  timeFormat: string
  /** Why there may be no line, told where there is none. */
  ifNothing?: string
}

const HEIGHT = 170
/** Less than a minute is not stretched over the whole width. */
const LEAST_SECONDS = 60

/** Lines over time. What it says last stands beside it as text, which is also what is read to who does not see it. */
export function Chart(props: ChartProps) {
  const { title, times, lines, format, timeFormat, ifNothing } = props
  const figure = useRef<HTMLElement>(null)
  const canvas = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  const shape = [timeFormat, ...lines.map(({ name }) => name)].join()
  // Made anew for other lines and other colours; new data is set below.
  useEffect(() => {
    if (!figure.current || !canvas.current) return
    const [outer, place] = [figure.current, canvas.current]
    const make = () => {
      plot.current?.destroy()
      const { times, lines } = latest.current
      plot.current = new uPlot(optionsFor(outer, place, latest.current), dataOf(times, lines), place)
    }
    make()
    const fit = new ResizeObserver(() => plot.current?.setSize({ width: place.clientWidth, height: HEIGHT }))
    fit.observe(place)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', make)
    return () => {
      fit.disconnect()
      dark.removeEventListener('change', make)
      plot.current?.destroy()
    }
  }, [shape])
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])
  return (
    <figure class="panel chart" ref={figure}>
      <figcaption>
        <h2>{title}</h2>
        <ul>
          {lines.map(({ name, values }, i) => (
            <li key={name}>
              <span class={`swatch line-${i + 1}`} aria-hidden="true" /> {name}{' '}
              <strong>{lastOf(values, format)}</strong>
            </li>
          ))}
        </ul>
        {ifNothing !== undefined && isEmpty(times, lines) && <p class="facts">{ifNothing}</p>}
      </figcaption>
      <div ref={canvas} class="chart-canvas" aria-hidden="true" />
    </figure>
  )
}

/** Of moments that are known, nothing. */
function isEmpty(times: readonly number[], lines: readonly ChartLine[]): boolean {
  return times.length > 0 && lines.every(({ values }) => values.every((value) => value === null))
}

function dataOf(times: number[], lines: readonly ChartLine[]): uPlot.AlignedData {
  return [times, ...lines.map(({ values }) => values)]
}

function lastOf(values: readonly (number | null)[], format: ChartProps['format']): string {
  const value = values.at(-1) ?? null
  return value === null ? '–' : format(value)
}

/** uPlot itself would show a day around a single moment. */
function wholeRange(times: ArrayLike<number>): [number, number] {
  const first = times[0] ?? 0
  return [first, Math.max(times[times.length - 1] ?? 0, first + LEAST_SECONDS)]
}

/** Colours are as the page's style has them at this moment: a canvas knows of no variables. */
function optionsFor(
  figure: HTMLElement,
  place: HTMLElement,
  { lines, format, least, timeFormat }: ChartProps,
): uPlot.Options {
  const { color: text, borderTopColor: line } = getComputedStyle(figure)
  const swatches = [...figure.querySelectorAll('.swatch')].map((swatch) => getComputedStyle(swatch).color)
  const axis: uPlot.Axis = {
    stroke: text,
    font: '11px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  }
  return {
    ...{ width: place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false } },
    scales: {
      x: { range: ({ data: [times] }) => wholeRange(times) },
      y: { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.1, least)] },
    },
    series: [{}, ...lines.map(({ name }, i) => ({ label: name, stroke: swatches[i] ?? text, width: 1.75 }))],
    axes: [
      { ...axis, grid: { show: false }, values: timeFormat, space: 70, size: 28 },
      { ...axis, size: 66, values: (_, splits) => splits.map(format) },
    ],
  }
}
