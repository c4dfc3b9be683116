import { describe, expect, test } from 'vitest'
import { type Panel, readDashboards } from '../../test/support/operations-files.ts'

const dashboards = readDashboards()

test('each has an address and a name of its own, and is linked from the others', () => {
  for (const field of ['uid', 'title'] as const)
    expect(new Set(dashboards.map((dashboard) => dashboard[field])).size).toBe(dashboards.length)
  for (const { tags } of dashboards) expect(tags).toContain('edgebatch')
})

describe.each(dashboards.map((dashboard) => [dashboard.file, dashboard] as const))('%s', (_, { panels }) => {
  test('has panels that each say what they show, by an id of their own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { type, title, description } of panels)
      if (type !== 'row')
        expect([title, description]).toEqual([expect.any(String), expect.stringMatching(/\.$/)])
  })

  test('has no panel over another, nor beyond the grid', () => {
    const covers = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    for (const [i, panel] of panels.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24)
      expect(panels.slice(i + 1).filter((other) => covers(panel, other))).toEqual([])
    }
  })
})
