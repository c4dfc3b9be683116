interface BarsProps {
  bars: readonly { name: string; value: number }[]
  told: (value: number) => string
  empty: string
}

/** Numbers with names, and a bar to see them by. */
export function Bars({ bars, told, empty }: BarsProps) {
  const most = Math.max(...bars.map(({ value }) => value))
  if (bars.length === 0) return <p class="facts">{empty}</p>
  return (
    <ul class="bars">
      {bars.map(({ name, value }) => (
        <li key={name}>
          <span class="mono">{name}</span>
          <span class="number">{told(value)}</span>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(100 * value) / most} height="1" />
          </svg>
        </li>
      ))}
    </ul>
  )
}
