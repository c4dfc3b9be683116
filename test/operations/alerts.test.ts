import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { PROMETHEUS_FOLDER, readAlerts } from '../support/operations-files.ts'

const RUNBOOKS = join(PROJECT_ROOT, 'docs/runbooks')
const alerts = readAlerts()
const names = alerts.map(({ alert }) => alert)

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: unknown[] }[]
}

describe.skipIf(!inject('promtool'))('promtool', () => {
  const promtool = async (...args: string[]) => {
    const { stdout, stderr } = await promisify(execFile)(inject('promtool') ?? '', args, {
      cwd: PROMETHEUS_FOLDER,
    })
    return stdout + stderr
  }

  test('takes the configuration, and the alerts that it names', async () => {
    const said = await promtool('check', 'config', 'prometheus.yaml')
    expect(said).toContain(`${names.length} rules found`)
    expect(said).not.toContain('FAILED')
  })

  test('finds that each alert fires when it is to, with its words filled in, and not before', async () => {
    expect(await promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS')
  })
})

test('there is a case in which each alert fires, and one in which it does not', () => {
  const { tests } = parse(readFileSync(join(PROMETHEUS_FOLDER, 'alerts.test.yaml'), 'utf8')) as {
    tests: RuleTest[]
  }
  const cases = tests.flatMap((one) => one.alert_rule_test)
  const tried = (fires: boolean) =>
    new Set(cases.filter((one) => one.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname))
  expect(tried(true)).toEqual(new Set(names))
  expect(tried(false)).toEqual(new Set(names))
})

describe('runbooks', () => {
  const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md')
  const read = (file: string) => readFileSync(join(RUNBOOKS, file), 'utf8')

  test('there is one for each alert, and for nothing else, where the alert says', () => {
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort())
    for (const { alert, annotations } of alerts)
      expect(annotations.runbook_url).toBe(`https://YOUR-RUNBOOKS/docs/runbooks/${alert}.md`)
  })

  test.each(pages)('%s says what it means, what callers see, how to look and how to mend', (page) => {
    const text = read(page)
    expect(text.split('\n')[0]).toBe(`# ${basename(page, '.md')}`)
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual([
      'What callers see',
      'How to look',
      'How to mend',
    ])
  })

  test('all are listed, with how urgent they are', () => {
    const rows = [...read('README.md').matchAll(/^\| \[(\w+)\]\((\w+)\.md\) *\| (\w+) /gm)]
    expect(rows.map(([, name, file, severity]) => [name, file, severity])).toEqual(
      alerts.map(({ alert, labels }) => [alert, alert, labels.severity]),
    )
  })
})
