const TONES: Readonly<Record<string, string>> = { ok: 'good', live: 'good', slow: 'warn', stuck: 'bad' }

/** How a pool or a version is, in a word with a colour. */
export function State({ state }: { state: string }) {
  return <span class={`state state-${TONES[state] ?? 'idle'}`}>{state}</span>
}
