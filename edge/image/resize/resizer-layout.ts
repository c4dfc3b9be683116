/** What decides how much memory a picture's resampling takes. */
export interface ResizerSizes {
  /** Of the decoded picture, in pixels. */
  readonly sourceWidth: number
  /** Its width in blocks of averaged pixels. */
  readonly blocks: number
  readonly columns: number
  readonly columnPairs: number
  readonly rows: number
  readonly rowPairs: number
  readonly rowTaps: number
}

/** Where things lie in the resizer's memory, in bytes; `end` is how much there must be. */
export interface ResizerLayout {
  readonly strip: number
  readonly stripRows: number
  readonly sums: number
  readonly averages: number
  readonly pairs: number
  readonly columnFirst: number
  readonly columnWeights: number
  readonly rowFirst: number
  readonly rowWeights: number
  readonly ring: number
  readonly ringRows: number
  readonly output: number
  readonly end: number
}

/** Source rows are copied in strips of this many bytes: they stay in the processor's nearest caches. */
const STRIP_BYTES = 65_536

/** Vectors are read and written whole: up to this many bytes beyond what a region holds. */
const SLACK_BYTES = 64

const ALIGNMENT = 16

/** Regions one after another, none overlapping, each with slack behind it. */
export function layOutResizer(sizes: ResizerSizes): ResizerLayout {
  let end = ALIGNMENT
  const take = (bytes: number) => {
    const at = end
    end = Math.ceil((at + bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT
    return at
  }
  const { sourceWidth, blocks, columns, rows } = sizes
  const stripRows = Math.max(1, Math.floor(STRIP_BYTES / (sourceWidth * 4)))
  const regions = {
    strip: take(stripRows * sourceWidth * 4),
    sums: take(sourceWidth * 8),
    averages: take(blocks * 8),
    pairs: take(blocks * 8),
    columnFirst: take(columns * 4),
    columnWeights: take(columns * sizes.columnPairs * 4),
    rowFirst: take(rows * 4),
    rowWeights: take(rows * sizes.rowPairs * 4),
    ring: take(sizes.rowTaps * columns * 8),
    output: take(columns * rows * 3),
  }
  return { ...regions, stripRows, ringRows: sizes.rowTaps, end }
}
