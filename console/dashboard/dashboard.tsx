import { useMemo, useState } from 'preact/hooks'
import { PageFrame } from '../design/page-frame.tsx'
import { ApiKeyPanel } from '../session/api-key-panel.tsx'
import { KeyButton } from '../session/key-button.tsx'
import type { Problem } from '../session/problem.ts'
import { useApiKey } from '../session/use-api-key.ts'
import { useKeyPanel } from '../session/use-key-panel.ts'
import { AdminApi } from './admin-api.ts'
import { BatchSizes } from './batch-sizes.tsx'
import { Charts } from './charts.tsx'
import './dashboard.css'
import { DeadLetters } from './dead-letters.tsx'
import { Failures } from './failures.tsx'
import { Headlines } from './headlines.tsx'
import { isRefusal } from './is-refusal.ts'
import { Latencies } from './latencies.tsx'
import { PoolsTable } from './pools-table.tsx'
import { ALL, idOf } from './samples.ts'
import { type Span, Toolbar } from './toolbar.tsx'
import { useHistory } from './use-history.ts'
import { useStats } from './use-stats.ts'
import { VersionsTable } from './versions-table.tsx'

/** In the page's own words: the service's are for who sends a header. */
function reasonOf({ status, detail }: Problem, apiKey: string | undefined): string {
  if (apiKey === undefined) return 'This page asks for the API key of an administrator. Paste yours here.'
  return status === 403 ? 'This API key is not an administrator’s. Paste one that is.' : detail
}

/** The page at `/dashboard`: how the service does, for who runs it. `origin`: of the service. */
export function Dashboard({ origin }: { origin: string }) {
  const [apiKey, setApiKey] = useApiKey()
  const [isPaused, pause] = useState(false)
  const [span, setSpan] = useState<Span>('live')
  const [version, setVersion] = useState(ALL)
  const api = useMemo(() => new AdminApi(origin, apiKey), [origin, apiKey])
  const { stats, problem, samples } = useStats(api, isPaused)
  const minute = Math.floor((samples.at(-1)?.at ?? 0) / 60_000)
  const hour = useHistory(api, span === 'hour' && stats !== undefined, minute)
  const refused = problem && isRefusal(problem) ? reasonOf(problem, apiKey) : undefined
  const panel = useKeyPanel(refused, stats !== undefined && refused === undefined)
  const model = stats?.models.find((one) => idOf(one) === version)
  const work = stats && (model ?? stats).last_minute
  // Of single versions, minutes of the last hour tell less.
  const ofHour = span === 'hour' && !model ? hour : undefined
  const within = ofHour ? 'in the last hour' : 'in the last minute'
  return (
    <PageFrame current="dashboard" aside={<KeyButton panel={panel} isSet={apiKey !== undefined} />}>
      {panel.isShown && (
        <ApiKeyPanel
          apiKey={apiKey}
          reason={refused}
          command="npx edgebatch keys create --admin"
          onChange={setApiKey}
          onClose={panel.close}
        />
      )}
      <div class="dashboard-head">
        <h1>Dashboard</h1>
        <Toolbar
          {...{ span, isPaused, version }}
          versions={stats?.models.map(idOf) ?? []}
          onSpan={setSpan}
          onPause={pause}
          onVersion={setVersion}
        />
      </div>
      <p class="facts">
        {/* Read out when it changes, which the time by itself does every few seconds. */}
        <span role="status">{stateOf(stats !== undefined, isPaused, problem)}</span>{' '}
        {stats && `Figures of ${new Date(stats.at).toLocaleTimeString()}.`}
      </p>
      {stats && work && (
        <>
          <Headlines stats={stats} model={model} />
          <Charts
            samples={span === 'hour' ? (hour?.samples ?? []) : samples}
            version={model ? version : ALL}
            span={span}
          />
          <div class="thirds">
            <Latencies work={work} />
            <BatchSizes work={ofHour?.work ?? work} within={within} />
            <Failures work={ofHour?.work ?? work} within={within} />
          </div>
          <VersionsTable models={stats.models} />
          <PoolsTable pools={stats.pools} now={Date.parse(stats.at)} />
          <DeadLetters api={api} counts={stats.dead_letters} at={stats.at} />
        </>
      )}
    </PageFrame>
  )
}

/** Why there are no newer figures, or how new they are. */
function stateOf(areKnown: boolean, isPaused: boolean, problem: Problem | undefined): string {
  // Why is said where the key goes.
  if (isRefusal(problem)) return 'Figures are shown once there is a key that may see them.'
  if (problem !== undefined) return `${problem.title}: ${problem.detail}`
  if (!areKnown) return 'Asking the service…'
  return isPaused ? 'Paused.' : 'Live; pools tell of themselves every 30 s.'
}
