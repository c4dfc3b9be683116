import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

export const PROMETHEUS_FOLDER = join(PROJECT_ROOT, 'deploy/prometheus')
const GRAFANA_FOLDER = join(PROJECT_ROOT, 'deploy/grafana')

export interface AlertRule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

export interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string; legendFormat: string }[]
}

export interface Dashboard {
  file: string
  uid: string
  title: string
  tags: string[]
  panels: Panel[]
  templating: { list: { name: string; type: string; definition?: string }[] }
}

export function readAlerts(): AlertRule[] {
  const { groups } = parse(readFileSync(join(PROMETHEUS_FOLDER, 'alerts.yaml'), 'utf8')) as {
    groups: { rules: AlertRule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
}

export function readDashboards(): Dashboard[] {
  return readdirSync(GRAFANA_FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, ...JSON.parse(readFileSync(join(GRAFANA_FOLDER, file), 'utf8')) }))
}
