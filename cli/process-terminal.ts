import { Presets, SingleBar } from 'cli-progress'
import { printable, printableLine } from './printable.ts'
import type { Progress, ProgressUnit, Terminal } from './terminal.ts'

/** To the line's beginning, and all of it away. */
const CLEAR_LINE = '\r\u001B[2K'
/** A bar must not go on in the next line where the terminal is narrow; what is printed must. */
const WRAP = '\u001B[?7h'
const NO_WRAP = '\u001B[?7l'
/** Where a bar puts the cursor back to when it is done: by itself, to where it stood before anything was printed. */
const SAVE_CURSOR = '\u001B7'

/** The terminal of this process, or what its streams lead to. */
export function processTerminal(
  stopped: AbortSignal,
  streams: Pick<NodeJS.Process, 'stdout' | 'stderr'> = process,
): Terminal {
  const { stdout, stderr } = streams
  let bar: SingleBar | undefined
  /** A bar is redrawn below what is written; without this, both would be on one line. */
  const above = (write: () => void) => {
    if (!bar) return void write()
    stderr.write(CLEAR_LINE + WRAP)
    write()
    stderr.write(NO_WRAP + SAVE_CURSOR)
    bar.render()
  }
  return {
    print: (line) => above(() => stdout.write(`${printable(line)}\n`)),
    warn: (line) => above(() => stderr.write(`edgebatch: ${printableLine(line)}\n`)),
    stopped,
    startProgress: (total, done, unit = 'bytes') => {
      // It would fill a log.
      if (!stderr.isTTY) return { update: () => {}, stop: () => {} }
      bar = startedBar(stderr, total, done, unit)
      return progress(bar, () => {
        bar = undefined
      })
    },
  }
}

function startedBar(
  stream: NodeJS.WriteStream,
  total: number | undefined,
  done: number,
  unit: ProgressUnit,
): SingleBar {
  const format =
    total === undefined
      ? `{value} ${unit}{note}`
      : `{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted}{note}`
  // Ctrl-C is the command's business: it ends what it does, and the bar with it.
  const options = { format, stream, gracefulExit: false, forceRedraw: true, barsize: 24 }
  const bar = new SingleBar(options, Presets.shades_classic)
  bar.start(total ?? 0, done, { note: '' })
  return bar
}

function progress(bar: SingleBar, ended: () => void): Progress {
  return {
    update: (value, note) => bar.update(value, { note: note ? ` | ${printableLine(note)}` : '' }),
    stop: () => {
      bar.stop()
      ended()
    },
  }
}
