import { expect, test } from 'vitest'
import { graveFindings } from './advisories.ts'

const advisory = {
  range: '<2.0.0',
  source: 1,
  title: 'It can be crashed',
  url: 'https://github.com/advisories/GHSA-1',
  severity: 'high',
}
const report = (vulnerabilities: object) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} })

test('grave findings are told, a line for each advisory', () => {
  const output = report({
    a: {
      severity: 'high',
      via: [
        advisory,
        { ...advisory, title: 'It can be slowed', severity: 'critical' },
        { ...advisory, severity: 'low' },
      ],
    },
    b: { severity: 'critical', via: ['a'] },
    c: { severity: 'moderate', via: [{ ...advisory, severity: 'moderate' }] },
  })
  expect(graveFindings(output)).toEqual([
    'a <2.0.0: It can be crashed (high, https://github.com/advisories/GHSA-1)',
    'a <2.0.0: It can be slowed (critical, https://github.com/advisories/GHSA-1)',
  ])
})

test('none are none', () => {
  expect(graveFindings(report({}))).toEqual([])
})

test.each([
  ['nothing', ''],
  ['an error of npm', JSON.stringify({ message: '405 Method Not Allowed', error: { code: 'EAUDIT' } })],
  ['no JSON', 'npm error audit endpoint returned an error'],
])('%s is no report', (_, output) => {
  expect(graveFindings(output)).toBeUndefined()
})
