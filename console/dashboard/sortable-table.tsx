import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

export interface Column<Row> {
  title: string
  cell: (row: Row) => ComponentChildren
  /** What rows are ordered by; null comes last. Without it they are not ordered by this column. */
  order?: (row: Row) => number | string | null
  isNumber?: boolean
}

interface SortableTableProps<Row> {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** Where there are more, they come by pages of so many. */
  pageSize: number
  empty: string
}

/** A table that is ordered by the column that one chooses, a page at a time: two hundred rows are no more to look at than twenty. */
export function SortableTable<Row>({
  caption,
  columns,
  rows,
  keyOf,
  pageSize,
  empty,
}: SortableTableProps<Row>) {
  const [sort, setSort] = useState<{ title: string; down: boolean }>()
  const [page, setPage] = useState(0)
  const order = columns.find(({ title }) => title === sort?.title)?.order
  const sorted = order ? rows.toSorted((a, b) => compare(order(a), order(b), sort?.down ?? false)) : rows
  const pages = Math.max(1, Math.ceil(rows.length / pageSize))
  const shown = Math.min(page, pages - 1)
  if (rows.length === 0) return <p class="facts">{empty}</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="table-frame" aria-label={`${caption}, which scroll`} tabIndex={0}>
        <table>
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading
                  key={column.title}
                  column={column}
                  down={sort?.title === column.title ? sort.down : undefined}
                  onSort={(down) => setSort({ title: column.title, down })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(shown * pageSize, (shown + 1) * pageSize).map((row) => (
              <tr key={keyOf(row)}>
                {columns.map(({ title, cell, isNumber }) => (
                  <td key={title} class={isNumber ? 'number' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {pages > 1 && <Pages caption={caption} page={shown} pages={pages} onPage={setPage} />}
    </>
  )
}

/** `down`: undefined where rows are not ordered by it. */
function Heading<Row>(props: {
  column: Column<Row>
  down: boolean | undefined
  onSort: (down: boolean) => void
}) {
  const { column, down, onSort } = props
  const { title, order, isNumber } = column
  const sorted = down === undefined ? undefined : down ? 'descending' : 'ascending'
  return (
    <th scope="col" aria-sort={sorted} class={isNumber ? 'number' : undefined}>
      {order ? (
        <button type="button" onClick={() => onSort(down === undefined ? isNumber === true : !down)}>
          {title}
          <span aria-hidden="true">{down === undefined ? '' : down ? ' ↓' : ' ↑'}</span>
        </button>
      ) : (
        title
      )}
    </th>
  )
}

function Pages(props: { caption: string; page: number; pages: number; onPage: (page: number) => void }) {
  const { caption, page, pages, onPage } = props
  return (
    <nav class="pages" aria-label={`Pages of ${caption}`}>
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <span class="facts" role="status">
        Page {page + 1} of {pages}
      </span>
      <button type="button" disabled={page === pages - 1} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  )
}

function compare(a: number | string | null, b: number | string | null, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true })
  return down ? -order : order
}
