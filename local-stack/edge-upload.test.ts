import { expect, test } from 'vitest'
import { manifestOf } from './edge-upload.ts'

const METADATA = {
  main_module: 'worker.js',
  compatibility_date: '2026-10-01',
  bindings: [{ name: 'DEFAULT_WAIT_SECONDS', type: 'plain_text', text: '30' }],
  keep_bindings: ['secret_text'],
}

test('the manifest has what wrangler tells Cloudflare, and the crons', () => {
  expect(manifestOf(JSON.stringify(METADATA), ['* * * * *'])).toEqual({
    main_module: 'worker.js',
    compatibility_date: '2026-10-01',
    compatibility_flags: [],
    observability: { enabled: false },
    variables: { DEFAULT_WAIT_SECONDS: '30' },
    crons: ['* * * * *'],
    modules: [],
  })
})

test('a binding that would get lost on the way through Terraform is an error', () => {
  const bindings = [{ name: 'PHOTOS', type: 'r2_bucket', bucket_name: 'photos' }]
  expect(() => manifestOf(JSON.stringify({ ...METADATA, bindings }), [])).toThrow(/bindings\[0\]/)
})

test('so is a setting that it has no place for', () => {
  expect(() => manifestOf(JSON.stringify({ ...METADATA, limits: { cpu_ms: 50 } }), [])).toThrow(/"limits"/)
})
