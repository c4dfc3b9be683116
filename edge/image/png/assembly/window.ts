import { HISTORY_BYTES, WINDOW } from './layout'

/** Next byte to inflate to; all from WINDOW on is there for matches to refer to. */
export let out: usize = WINDOW

export function setOut(address: usize): void {
  out = address
}

/** Moves what starts at `from`, and as much before it as matches may refer to, to the front. Returns where `from` went. */
export function slideWindow(from: usize): usize {
  const history = max(out, WINDOW + HISTORY_BYTES) - HISTORY_BYTES
  const kept = min(from, history)
  memory.copy(WINDOW, kept, out - kept)
  out -= kept - WINDOW
  return from - (kept - WINDOW)
}
