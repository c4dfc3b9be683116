const WIDTH = 480
const HEIGHT = 56
/** More are drawn as groups of neighbours, each by its largest. */
const MAX_BARS = 240

/** Values as bars around a line that is zero. For the eye only: numbers stand beside it. */
export function Strip({ values }: { values: readonly number[] }) {
  const perBar = Math.ceil(values.length / MAX_BARS)
  const bars = Array.from({ length: Math.ceil(values.length / perBar) }, (_, i) =>
    largest(values.slice(i * perBar, (i + 1) * perBar)),
  )
  const most = Math.max(...bars.map(Math.abs)) || 1
  const step = WIDTH / bars.length
  const path = bars.map((value, i) => {
    const height = (value / most) * (HEIGHT / 2)
    return `M${(i + 0.5) * step} ${HEIGHT / 2}v${-height}`
  })
  return (
    <svg class="strip" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path.join('')} stroke-width={Math.max(0.5, step * 0.7)} />
    </svg>
  )
}

/** The one that is farthest from zero. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
}
