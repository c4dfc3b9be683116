import { expect, test } from 'vitest'
import type { ApiKeyRecord } from '../../shared/api-key.ts'
import { keyTable } from './key-table.ts'

const plain: ApiKeyRecord = {
  ...{ id: 'abcdefghijkl', name: '', sha256: '0'.repeat(64), models: null, priorities: ['normal', 'low'] },
  ...{ rate: null, admin: false, created_at: '2026-01-02T03:04:05.000Z', expires_at: null },
}
const narrow: ApiKeyRecord = {
  ...{
    ...plain,
    id: 'mnopqrstuvwx',
    name: 'camera 7',
    models: ['a', 'b'],
    priorities: ['high'],
    admin: true,
  },
  ...{ rate: { limit: 100, window_seconds: 60 }, expires_at: '2026-02-01T00:00:00.000Z' },
}

test('shows what each key may do and until when, and never its digest', () => {
  const lines = keyTable([plain, narrow], new Date('2026-02-01T00:00:00Z'))
  expect(lines).toEqual([
    'ID            NAME      MODELS  PRIORITIES  RATE     ADMIN  CREATED            EXPIRES',
    'abcdefghijkl  -         all     normal,low  -        -      2026-01-02T03:04Z  never',
    'mnopqrstuvwx  camera 7  a,b     high        100/60s  yes    2026-01-02T03:04Z  2026-02-01T00:00Z (over)',
  ])
  expect(keyTable([narrow], new Date('2026-01-31T23:59:59Z'))[1]).toMatch(/2026-02-01T00:00Z$/)
})
