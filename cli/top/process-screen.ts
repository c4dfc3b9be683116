import type { Environment } from '../environment.ts'
import type { Screen, ScreenListeners } from './screen.ts'

const CSI = '\u001B['
/** Another screen than that of the shell, without a cursor. */
const ENTER = `${CSI}?1049h${CSI}?25l`
const LEAVE = `${CSI}?25h${CSI}?1049l`
const HOME = `${CSI}H`
const CLEAR_TO_LINE_END = `${CSI}K`
const CLEAR_TO_SCREEN_END = `${CSI}J`

type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout'>

/** The terminal of this process. NO_COLOR (no-color.org) leaves out colours, TERM=dumb all of it. */
export function processScreen(environment: Environment, { stdin, stdout }: Streams = process): Screen {
  const canDraw = () => stdout.isTTY && environment.TERM !== 'dumb'
  let opened: ScreenListeners | undefined
  const onData = (data: Buffer) => opened?.key(data.toString('latin1'))
  const onResize = () => opened?.resized()
  return {
    size: () => (canDraw() ? { columns: stdout.columns || 80, rows: stdout.rows || 24 } : undefined),
    colour: Boolean(stdout.isTTY) && !environment.NO_COLOR,
    open: (listeners) => {
      opened = listeners
      stdout.write(ENTER)
      stdout.on('resize', onResize)
      if (!stdin.isTTY) return
      stdin.setRawMode(true)
      stdin.on('data', onData)
    },
    // Line over line, and never the whole screen at once, which would flicker.
    draw: (lines) => {
      const body = lines.map((line) => line + CLEAR_TO_LINE_END).join('\r\n')
      stdout.write(HOME + body + CLEAR_TO_SCREEN_END)
    },
    close: () => {
      opened = undefined
      stdout.off('resize', onResize)
      if (stdin.isTTY) {
        stdin.off('data', onData)
        stdin.setRawMode(false)
        stdin.pause()
      }
      stdout.write(LEAVE)
    },
  }
}
